"use strict";

// What a choice fills in elsewhere in its form; what somebody typed there, or another choice filled in, stays.
const filled = new WeakMap();
function fillIn(source, values) {
  for (const [name, { value, label }] of Object.entries(values ?? {})) {
    const found = source.form.elements[name];
    const field = found instanceof RadioNodeList ? null : found;
    if (!field) continue;
    const last = filled.get(field);
    if (field.value && (last?.source !== source || last.value !== field.value)) continue;
    if (field.options && ![...field.options].some((option) => option.value === value)) continue;
    field.value = value;
    filled.set(field, { source, value });
    field.dispatchEvent(new CustomEvent("fill", { detail: label }));
  }
}

// What a choice had filled in goes with it, as far as it still stands there.
function emptyFilled(source) {
  for (const field of source.form.elements) {
    const last = filled.get(field);
    if (last?.source !== source || !last.value || last.value !== field.value) continue;
    field.value = "";
    field.dispatchEvent(new CustomEvent("fill", { detail: "" }));
  }
}

// By the field that holds the id: lets another script choose in its place.
huisheng.combos = new WeakMap();

// What the form has chosen already: what belongs to it is offered first.
function ownersOf(field) {
  return ["vehicle_id", "customer_id"]
    .filter((name) => name !== field.name && /^\d+$/.test(field.form?.elements[name]?.value ?? ""))
    .map((name) => `&${name}=${field.form.elements[name].value}`)
    .join("");
}

// Look-ups: a text field that searches as one types, and keeps the id of what was chosen.
huisheng.enhance((root) => {
  for (const box of root.querySelectorAll("[data-combo]")) {
    const key = box.querySelector("input[type=hidden]");
    const input = box.querySelector("[role=combobox]");
    const list = box.querySelector("[role=listbox]");
    const clear = box.querySelector(".combo-clear");
    let chosen = input.value;
    let at = -1;
    let timer = 0;
    let asked = 0;
    // Enter was pressed before the answer to what was typed is there.
    let isAwaited = false;
    // How far the arrows were pressed meanwhile: nothing of an older answer is marked, it may be somebody else.
    let steps = 0;
    let shownFor = null;
    const found = new WeakMap();

    const options = () => [...list.querySelectorAll("[role=option]")];

    function close() {
      list.hidden = true;
      at = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function note(text) {
      const item = document.createElement("li");
      item.className = "note";
      item.setAttribute("role", "presentation");
      item.textContent = text;
      list.append(item);
    }

    function show(rows, typed) {
      list.replaceChildren();
      rows.forEach((row, index) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${index}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.textContent = row.label;
        if (row.hint) {
          const hint = document.createElement("span");
          hint.className = "hint";
          hint.textContent = row.hint;
          item.append(" ", hint);
        }
        found.set(item, row);
        list.append(item);
      });
      if (!rows.length) note(box.dataset.none);
      if (rows.length >= 20) note(box.dataset.more);
      if (box.dataset.entry && huisheng.canEnter()) offerEntry();
      at = -1;
      shownFor = typed;
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    }

    // The last of the list: what was looked for is not there, and can be entered without leaving the form.
    function offerEntry() {
      const typed = input.value === chosen ? "" : input.value.trim();
      const item = document.createElement("li");
      item.id = `${list.id}-entry`;
      item.className = "entry";
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.dataset.typed = typed;
      item.textContent = `＋ ${box.dataset.entryLabel}${typed && ` “${typed}”`}`;
      list.append(item);
    }

    // It is chosen already; where the answer fails, only what it would fill in is missing.
    async function read(row) {
      try {
        const answer = await fetch(`${box.dataset.combo}&id=${row.id}`, { headers: { Accept: "application/json" } });
        if (answer.ok) [row = row] = await answer.json();
      } catch { /* As above. */ }
      return row;
    }

    async function enter(typed) {
      close();
      const entered = await huisheng.enter(box.dataset.entry, key.form, typed);
      input.focus();
      if (entered) take(await read({ ...entered, fills: {} }));
    }

    async function search() {
      const mine = ++asked;
      const stands = input.value;
      const typed = stands === chosen ? "" : stands;
      try {
        const answer = await fetch(`${box.dataset.combo}&query=${encodeURIComponent(typed)}${ownersOf(key)}`, {
          headers: { Accept: "application/json" },
        });
        if (!answer.ok) throw new Error(String(answer.status));
        const rows = await answer.json();
        // An older answer that comes late must not replace a newer one.
        if (mine !== asked || document.activeElement !== input) return;
        show(rows, stands);
        // Typed on since: the next answer is the one.
        if (input.value !== stands) return;
        if (steps) mark(steps > 0 ? steps - 1 : steps);
        if (isAwaited && rows.length) takeWanted();
        isAwaited = false;
        steps = 0;
      } catch {
        if (mine === asked) {
          steps = 0;
          list.replaceChildren();
          note(box.dataset.failed);
          list.hidden = false;
        }
      }
    }

    function take(row) {
      key.value = row.id;
      chosen = input.value = row.label;
      clear.hidden = false;
      close();
      key.dispatchEvent(new Event("input", { bubbles: true }));
      fillIn(key, row.fills);
    }

    // The only one found needs no mark, nor the likeliest of a short list; where none was found, the only option
    // is to enter one.
    function takeWanted() {
      const all = options();
      const hits = all.filter((item) => found.has(item));
      const isClear = hits.length === 1 || (hits.length && "first" in box.dataset && input.value !== chosen && input.value.trim());
      const wanted = all[at] ?? (hits.length ? isClear && hits[0] : input.value.trim() && all[0]);
      if (wanted) choose(wanted);
    }

    huisheng.combos.set(key, {
      async choose(record) {
        emptyFilled(key);
        if (record) return take(await read({ ...record, fills: {} }));
        key.value = input.value = chosen = "";
        clear.hidden = true;
        key.dispatchEvent(new Event("input", { bubbles: true }));
      },
    });

    function choose(item) {
      if (found.has(item)) take(found.get(item));
      else enter(item.dataset.typed);
    }

    // Another field's choice fills this one in.
    key.addEventListener("fill", async (event) => {
      chosen = input.value = event.detail;
      clear.hidden = !chosen;
      const id = key.value;
      const row = id && (await read({ id }));
      if (row && key.value === id) fillIn(key, row.fills);
    });

    function unmark() {
      options()[at]?.setAttribute("aria-selected", "false");
      input.removeAttribute("aria-activedescendant");
      at = -1;
    }

    function mark(index) {
      const all = options();
      if (!all.length) return;
      all[at]?.setAttribute("aria-selected", "false");
      at = (index + all.length) % all.length;
      all[at].setAttribute("aria-selected", "true");
      all[at].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", all[at].id);
    }

    function awaitAnswer() {
      clearTimeout(timer);
      isAwaited = true;
      search();
    }

    function awaitMark(step) {
      clearTimeout(timer);
      steps += step;
      search();
    }

    input.addEventListener("input", () => {
      // What was typed but not chosen is no id: the server then says so at the field.
      key.value = input.value.trim() ? (input.value === chosen ? key.value : "?") : "";
      clear.hidden = !input.value;
      clearTimeout(timer);
      isAwaited = false;
      steps = 0;
      unmark();
      timer = setTimeout(search, 180);
    });
    input.addEventListener("click", () => list.hidden && search());
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const step = event.key === "ArrowDown" ? 1 : -1;
        if (input.value !== shownFor && input.value !== chosen) awaitMark(step);
        else if (list.hidden) search();
        else mark(at + step);
      } else if (event.key === "Enter" && !list.hidden) {
        event.preventDefault();
        // An older answer is not what was typed since.
        if (at < 0 && input.value !== shownFor) awaitAnswer();
        else takeWanted();
      } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && key.value === "?") {
        event.preventDefault();
        awaitAnswer();
      } else if (event.key === "Escape" && !list.hidden) {
        // Not the dialog's around it.
        event.preventDefault();
        event.stopPropagation();
        close();
      }
    });
    input.addEventListener("blur", () => setTimeout(close, 150));
    list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const item = event.target.closest("[role=option]");
      if (item) choose(item);
    });
    clear.addEventListener("click", () => {
      key.value = input.value = chosen = "";
      clear.hidden = true;
      key.dispatchEvent(new Event("input", { bubbles: true }));
      input.focus();
    });
  }
});
