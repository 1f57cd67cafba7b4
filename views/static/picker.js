"use strict";

// Dates: a text field that takes what people type, which the server reads, and a calendar in the panel's language.
// A browser's own date field follows the browser's language; the dialog and its keys are those of the ARIA
// Authoring Practices (date picker dialog).
{
  const language = document.documentElement.lang;
  const DAY = 86400000;
  const utc = (year, month, day) => {
    const date = new Date(Date.UTC(2000, 0, 1));
    date.setUTCFullYear(year, month, day);
    return date;
  };
  const iso = (date) => date.toISOString().slice(0, 10);
  const parts = (date) => [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const named = (options) => new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
  const two = (number) => String(number).padStart(2, "0");
  const PLAIN = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d))?$/;
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

  const monday = (date) => new Date(+date - ((date.getUTCDay() + 6) % 7) * DAY);

  function isoWeek(date) {
    const thursday = new Date(+monday(date) + 3 * DAY);
    return 1 + Math.floor((thursday - utc(thursday.getUTCFullYear(), 0, 1)) / (7 * DAY));
  }

  // The same day so many months on, or the last of a shorter month.
  function monthsOn(date, months) {
    const [year, month, day] = parts(date);
    const last = utc(year, month + months + 1, 0);
    return utc(last.getUTCFullYear(), last.getUTCMonth(), Math.min(day, last.getUTCDate()));
  }

  // In the site's own time zone, wherever the browser is.
  function siteNow(zone) {
    const text = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
    return text.format(new Date()).split(" ");
  }

  class Picker {
    constructor(box, input) {
      const template = document.querySelector("#picker");
      this.zone = template.dataset.zone;
      this.input = input;
      this.hasTime = box.dataset.day === "instant";
      this.dialog = template.content.cloneNode(true).querySelector("dialog");
      const find = (name) => this.dialog.querySelector(`[data-${name}]`);
      [this.month, this.year, this.hour, this.minute] = ["month", "year", "hour", "minute"].map(find);
      this.table = this.dialog.querySelector("table");
      this.said = this.dialog.querySelector(".picker-said");
      find("time").hidden = !this.hasTime;
      if (this.hasTime) find("today").textContent = find("today").dataset.now;
      this.fill();
      this.listen();
      box.append(this.dialog);
    }

    fill() {
      for (let month = 0; month < 12; month++) {
        this.month.add(new Option(named({ month: "long" }).format(utc(2024, month, 1)), month));
      }
      for (let hour = 0; hour < 24; hour++) this.hour.add(new Option(two(hour), hour));
      for (let minute = 0; minute < 60; minute++) this.minute.add(new Option(two(minute), minute));
      const head = this.table.tHead.rows[0];
      // 1 January 2024 was a Monday.
      for (let day = 1; day <= 7; day++) {
        const cell = document.createElement("th");
        cell.scope = "col";
        cell.abbr = named({ weekday: "long" }).format(utc(2024, 0, day));
        cell.textContent = named({ weekday: "short" }).format(utc(2024, 0, day));
        head.append(cell);
      }
    }

    listen() {
      const { dialog } = this;
      // What happens in the calendar is no change of the form around it, and no shortcut of the page.
      for (const kind of ["input", "change", "keydown"]) {
        dialog.addEventListener(kind, (event) => event.stopPropagation());
      }
      dialog.addEventListener("keydown", (event) => this.onKey(event));
      dialog.addEventListener("cancel", (event) => {
        event.preventDefault();
        this.close();
      });
      dialog.addEventListener("click", (event) => this.onClick(event));
      const turn = () => {
        const year = Number(this.year.value);
        if (year < 1900 || year > 2200) return;
        this.show(monthsOn(utc(year, Number(this.month.value), 1), 0));
      };
      // While one types, not on leaving the field: a day that is just being clicked would be drawn anew under it.
      this.month.addEventListener("input", turn);
      this.year.addEventListener("input", turn);
    }

    onClick({ target }) {
      const button = target.closest("button");
      const cell = target.closest("[data-date]");
      if (target === this.dialog || button?.matches("[data-close]")) this.close();
      else if (cell) this.pick(new Date(cell.dataset.date));
      else if (button?.matches("[data-months]")) this.show(monthsOn(this.at, Number(button.dataset.months)));
      else if (button?.matches("[data-today]")) this.pickNow();
      else if (button?.matches("[data-clear]")) this.take("");
      else if (button?.matches("[data-take]")) this.takeTime();
    }

    onKey(event) {
      if (event.key === "Escape") {
        event.preventDefault();
        return this.close();
      }
      if (event.key === "Enter" && event.target.matches("[data-hour], [data-minute]")) {
        event.preventDefault();
        return this.takeTime();
      }
      if (event.key === "Enter" && event.target === this.year) {
        event.preventDefault();
        return this.show(this.at, true);
      }
      if (!event.target.closest("[data-date]")) return;
      const to = this.goal(event);
      if (to) this.show(to, true);
      else if (event.key === "Enter" || event.key === " ") this.pick(this.at);
      else return;
      event.preventDefault();
    }

    goal({ key, shiftKey }) {
      if (key in STEPS) return new Date(+this.at + STEPS[key] * DAY);
      if (key === "Home") return monday(this.at);
      if (key === "End") return new Date(+monday(this.at) + 6 * DAY);
      if (key === "PageUp" || key === "PageDown") return monthsOn(this.at, (key === "PageUp" ? -1 : 1) * (shiftKey ? 12 : 1));
      return null;
    }

    open() {
      const [today, clock] = siteNow(this.zone);
      this.today = today;
      const [, day, time] = PLAIN.exec(this.input.value.trim()) ?? [];
      this.chosen = day ?? null;
      const [hour, minute] = (time ?? (day ? "00:00" : clock)).split(":").map(Number);
      this.hour.value = hour;
      this.minute.value = minute;
      this.dialog.showModal();
      this.place();
      this.show(new Date(day ?? today), true);
    }

    // Beside its field, in sight; on a phone the style sheet puts it at the bottom.
    place() {
      const field = this.input.getBoundingClientRect();
      const { offsetWidth: width, offsetHeight: height } = this.dialog;
      const below = field.bottom + 4 + height <= innerHeight;
      this.dialog.style.left = `${Math.max(8, Math.min(field.left, innerWidth - width - 8))}px`;
      this.dialog.style.top = `${Math.max(8, below ? field.bottom + 4 : Math.min(field.top - height - 4, innerHeight - height - 8))}px`;
    }

    show(date, focus = false) {
      this.at = date;
      const [year, month] = parts(date);
      this.month.value = month;
      this.year.value = year;
      const title = named({ year: "numeric", month: "long" }).format(date);
      this.table.setAttribute("aria-label", title);
      if (this.said.textContent !== title) this.said.textContent = title;
      const first = monday(utc(year, month, 1));
      const rows = Array.from({ length: 6 }, (_, week) => this.row(new Date(+first + week * 7 * DAY), month));
      this.table.tBodies[0].replaceChildren(...rows);
      if (focus) this.table.querySelector("[tabindex='0']").focus();
    }

    row(first, month) {
      const row = document.createElement("tr");
      const week = document.createElement("th");
      week.scope = "row";
      week.className = "week";
      week.textContent = isoWeek(first);
      row.append(week);
      for (let index = 0; index < 7; index++) row.append(this.cell(new Date(+first + index * DAY), month));
      return row;
    }

    cell(date, month) {
      const cell = document.createElement("td");
      const text = iso(date);
      cell.dataset.date = text;
      cell.setAttribute("role", "gridcell");
      cell.tabIndex = text === iso(this.at) ? 0 : -1;
      cell.textContent = date.getUTCDate();
      cell.setAttribute("aria-label", named({ dateStyle: "full" }).format(date));
      cell.setAttribute("aria-selected", String(text === this.chosen));
      if (text === this.today) cell.setAttribute("aria-current", "date");
      if (date.getUTCMonth() !== month) cell.className = "other";
      return cell;
    }

    pick(date) {
      if (!this.hasTime) return this.take(iso(date));
      this.chosen = iso(date);
      this.show(date);
      this.hour.focus();
    }

    pickNow() {
      const [today, clock] = siteNow(this.zone);
      this.take(this.hasTime ? `${today} ${clock}` : today);
    }

    takeTime() {
      this.take(`${this.chosen ?? iso(this.at)} ${two(this.hour.value)}:${two(this.minute.value)}`);
    }

    take(value) {
      this.close();
      this.input.value = value;
      this.input.dispatchEvent(new Event("input", { bubbles: true }));
      this.input.dispatchEvent(new Event("change", { bubbles: true }));
    }

    close() {
      this.dialog.close();
      this.input.focus();
    }
  }

  // What was typed is shown as it was understood, or what is wrong with it, before the form is sent.
  async function read(box, input) {
    const typed = input.value.trim();
    let answer = { value: "" };
    try {
      if (typed) answer = await (await fetch(`${box.dataset.read}&text=${encodeURIComponent(typed)}`, { headers: { Accept: "application/json" } })).json();
    } catch {
      return;
    }
    if (input.value.trim() !== typed) return;
    if (answer.value) input.value = answer.value;
    const message = box.querySelector(".error") ?? document.createElement("p");
    message.className = "error";
    message.setAttribute("role", "alert");
    message.textContent = answer.error ?? "";
    box.append(message);
    if (answer.error) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  huisheng.enhance((root) => {
    for (const box of root.querySelectorAll("[data-day]")) {
      const input = box.querySelector("input");
      let picker = null;
      const open = async () => {
        if (!PLAIN.test(input.value.trim())) await read(box, input);
        (picker ??= new Picker(box, input)).open();
      };
      box.querySelector("[data-calendar]").addEventListener("click", open);
      input.addEventListener("change", () => read(box, input));
      input.addEventListener("keydown", (event) => {
        if (event.key !== "ArrowDown") return;
        event.preventDefault();
        open();
      });
    }

    // Filters: a period by name, or from one day to another.
    for (const period of root.querySelectorAll(".period")) {
      const name = period.querySelector("[data-period]");
      const days = [...period.querySelectorAll("[data-day] input")];
      for (const day of days) day.addEventListener("input", () => { name.value = ""; });
      period.addEventListener("click", ({ target }) => {
        const button = target.closest("[data-preset]");
        if (!button) return;
        name.value = button.dataset.preset;
        for (const day of days) day.value = "";
        name.form.requestSubmit();
      });
    }
  });
}
