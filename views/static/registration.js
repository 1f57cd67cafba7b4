"use strict";

// Registering a complaint: one field finds customer and vehicle, and beside the form stands what is known of them.
{
  // Where a hit leaves one to go on: what the step needs, in the order of the form.
  const ABOUT = ["subject_id", "description", "demand"];
  const NEXT = ["customer_name", "phone", ...ABOUT];
  const BESIDE = ["customer_id", "vehicle_id", "subject_id"];

  function fieldOf(form, name) {
    const field = form.elements[name];
    return field?.type === "hidden" ? field.parentElement.querySelector("[role=combobox]") : field;
  }

  function focusNext(form, names = NEXT) {
    const name = names.find((each) => form.elements[each] && !form.elements[each].value);
    fieldOf(form, name ?? "description")?.focus();
  }

  class Callers {
    constructor(box) {
      this.box = box;
      this.input = box.querySelector("input");
      this.list = box.querySelector("[role=listbox]");
      this.status = box.querySelector("[role=status]");
      this.form = this.input.form;
      this.found = [];
      this.at = -1;
      this.timer = 0;
      this.asked = new AbortController();
      // What is shown belongs to; and whether Enter was pressed before the answer came.
      this.shownFor = null;
      this.isAwaited = false;
      this.listen();
    }

    listen() {
      const soon = ({ isComposing }) => {
        // A word of Chinese is ready when its characters are chosen, not while its sounds are typed.
        if (isComposing) return;
        clearTimeout(this.timer);
        this.isAwaited = false;
        this.timer = setTimeout(() => this.search(), 150);
      };
      this.input.addEventListener("input", (event) => {
        // It is no part of the record: what is typed here alone is lost with the page.
        event.stopPropagation();
        soon(event);
      });
      this.input.addEventListener("compositionend", soon);
      this.input.addEventListener("keydown", (event) => this.onKey(event));
      this.input.addEventListener("blur", () => this.close());
      this.input.addEventListener("focus", () => this.input.select());
      // A press in the list keeps the focus in the field.
      this.list.addEventListener("mousedown", (event) => {
        event.preventDefault();
        const item = event.target.closest("[role=option]");
        if (item) this.take(this.found[Number(item.dataset.at)]);
      });
    }

    onKey(event) {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (this.list.hidden) this.search();
        else this.mark(this.at < 0 && event.key === "ArrowUp" ? -1 : this.at + (event.key === "ArrowDown" ? 1 : -1));
      } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        this.enter();
      } else if (event.key === "Escape" && !this.list.hidden) {
        event.preventDefault();
        this.close();
      }
    }

    // Enter takes what is marked, or the only one found; before the answer is there it waits for it.
    enter() {
      if (this.shownFor !== this.input.value.trim()) {
        this.isAwaited = true;
        this.search();
      } else if (this.at >= 0) this.take(this.found[this.at]);
      else if (this.hits === 1 || this.found.length === 1) this.take(this.found[0]);
      else if (this.found.length) this.mark(0);
    }

    async search() {
      clearTimeout(this.timer);
      const typed = this.input.value.trim();
      this.asked.abort();
      if (!typed) return this.close();
      this.asked = new AbortController();
      try {
        const answer = await fetch(`${this.box.dataset.callers}?q=${encodeURIComponent(typed)}`, {
          headers: { Accept: "application/json" }, signal: this.asked.signal,
        });
        if (!answer.ok) throw new Error(String(answer.status));
        this.show(typed, await answer.json());
      } catch (problem) {
        if (problem.name === "AbortError") return;
        this.found = [];
        this.isAwaited = false;
        this.list.replaceChildren(this.note(this.box.dataset.failed));
        this.open();
      }
    }

    note(words) {
      const item = document.createElement("li");
      item.className = "note";
      item.setAttribute("role", "presentation");
      item.textContent = words;
      return item;
    }

    option(row, at) {
      const item = document.createElement("li");
      item.id = `${this.list.id}-${at}`;
      item.dataset.at = at;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      if (row.kind) item.className = "entry";
      const name = document.createElement("strong");
      name.textContent = row.label;
      item.append(name);
      if (row.hint) {
        const hint = document.createElement("span");
        hint.className = "hint";
        hint.textContent = row.hint;
        item.append(" ", hint);
      }
      if (!row.kind) huisheng.mark(item, this.shownFor);
      return item;
    }

    // Too little to look for is no hit, and no miss either.
    show(typed, answer) {
      const { dataset } = this.box;
      const hits = answer ?? [];
      const none = answer ? dataset.none : dataset.more;
      this.shownFor = typed;
      this.hits = hits.length;
      this.found = [...hits, { kind: "go-on", typed, label: `${dataset.goOn}: “${typed}”` }];
      if (dataset.entry && huisheng.canEnter()) this.found.push({ kind: "entry", typed, label: `＋ ${dataset.entryLabel} “${typed}”` });
      this.at = -1;
      this.input.removeAttribute("aria-activedescendant");
      this.list.replaceChildren(...(hits.length ? [] : [this.note(none)]), ...this.found.map((row, at) => this.option(row, at)));
      this.status.textContent = hits.length ? hits.map((hit) => hit.label).join(", ") : none;
      this.open();
      if (this.isAwaited) this.enter();
      this.isAwaited = false;
    }

    open() {
      if (document.activeElement !== this.input) return;
      this.list.hidden = false;
      this.input.setAttribute("aria-expanded", "true");
    }

    close() {
      this.at = -1;
      this.list.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.input.removeAttribute("aria-activedescendant");
    }

    mark(index) {
      const items = this.list.querySelectorAll("[role=option]");
      items[this.at]?.setAttribute("aria-selected", "false");
      this.at = (index + items.length) % items.length;
      items[this.at].setAttribute("aria-selected", "true");
      items[this.at].scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", items[this.at].id);
    }

    async take(row) {
      this.close();
      if (row.kind === "entry") return this.enterCustomer(row.typed);
      if (row.kind === "go-on") return this.goOn(row.typed);
      this.input.value = this.shownFor = row.label;
      // Who is on file has a name: one types on at once, while the rest is being filled in.
      if (row.customer) focusNext(this.form, ABOUT);
      await choose(this.form, "customer_id", row.customer);
      await choose(this.form, "vehicle_id", row.vehicle);
      if (!row.customer) focusNext(this.form);
    }

    async enterCustomer(typed) {
      const entered = await huisheng.enter(this.box.dataset.entry, this.form, typed);
      this.input.focus();
      if (entered) await this.take({ ...entered, customer: entered, vehicle: null });
    }

    // Whoever has no file complains all the same: what was typed is the phone or the name.
    async goOn(typed) {
      await choose(this.form, "customer_id", null);
      await choose(this.form, "vehicle_id", null);
      const field = this.form.elements[/^[\d\s()+\-/.０-９]+$/.test(typed) ? "phone" : "customer_name"];
      field.value = typed;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      focusNext(this.form);
    }
  }

  function choose(form, name, record) {
    return huisheng.combos.get(form.elements[name])?.choose(record);
  }

  // Said at the caller too: on a phone what stands beside the form lies below it.
  function warn(form, beside) {
    const repeats = beside.querySelector("#repeats");
    const link = document.createElement("a");
    link.href = "#repeats";
    link.textContent = repeats ? `${repeats.textContent.trim()}: ${beside.querySelector(".repeats strong").textContent}` : "";
    form.querySelector("[data-repeat]")?.replaceChildren(...(repeats ? [link] : []));
  }

  // Asked anew whenever customer, vehicle or subject is another one, by whatever way.
  function watch(form, beside) {
    let shownFor = "";
    let timer = 0;
    async function show() {
      const keys = BESIDE.map((name) => [name, form.elements[name]?.value ?? ""]);
      const query = new URLSearchParams(keys.filter(([, value]) => /^\d+$/.test(value))).toString();
      if (query === shownFor) return;
      shownFor = query;
      try {
        const answer = await fetch(`${beside.dataset.beside}?${query}`, { headers: { Accept: "text/html" }, redirect: "manual" });
        if (!answer.ok || query !== shownFor) return;
        beside.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.children);
        warn(form, beside);
      } catch { /* The form works without it. */ }
    }
    // On a phone one goes on below the caller: the warning stands where one goes on.
    const hint = form.querySelector("[data-repeat]");
    if (hint) fieldOf(form, "subject_id")?.closest(".field").before(hint);
    const soon = ({ target }) => {
      if (!BESIDE.includes(target.name)) return;
      clearTimeout(timer);
      timer = setTimeout(show, 60);
    };
    form.addEventListener("input", soon);
    // What a choice fills in elsewhere does not bubble.
    form.addEventListener("fill", soon, true);
    form.addEventListener("input", ({ target }) => {
      if (target.name === "subject_id" && /^\d+$/.test(target.value)) focusNext(form);
    });
    beside.addEventListener("click", async ({ target }) => {
      const { take, id, label } = target.closest("[data-take]")?.dataset ?? {};
      if (!take) return;
      await choose(form, take, { id, label });
      focusNext(form);
    });
    show();
  }

  huisheng.enhance((root) => {
    for (const box of root.querySelectorAll("[data-callers]")) {
      new Callers(box);
      const { form } = box.querySelector("input");
      const beside = form.parentElement.querySelector("[data-beside]");
      if (beside) watch(form, beside);
    }
  });
}
