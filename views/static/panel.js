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

// Look-ups: a text field that searches as one types, and keeps the id of what was chosen.
for (const box of document.querySelectorAll("[data-combo]")) {
  const key = box.querySelector("input[type=hidden]");
  const input = box.querySelector("[role=combobox]");
  const list = box.querySelector("[role=listbox]");
  const clear = box.querySelector(".combo-clear");
  let chosen = input.value;
  let at = -1;
  let timer = 0;
  let asked = 0;
  const fills = new WeakMap();

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

  function show(rows) {
    list.replaceChildren();
    rows.forEach((row, index) => {
      const item = document.createElement("li");
      item.id = `${list.id}-${index}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.dataset.id = row.id;
      item.dataset.label = row.label;
      item.textContent = row.label;
      if (row.hint) {
        const hint = document.createElement("span");
        hint.className = "hint";
        hint.textContent = row.hint;
        item.append(" ", hint);
      }
      fills.set(item, row.fills);
      list.append(item);
    });
    if (!rows.length) note(box.dataset.none);
    if (rows.length >= 20) note(box.dataset.more);
    at = -1;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  async function search() {
    const mine = ++asked;
    const typed = input.value === chosen ? "" : input.value;
    try {
      const answer = await fetch(`${box.dataset.combo}&query=${encodeURIComponent(typed)}`, {
        headers: { Accept: "application/json" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const rows = await answer.json();
      // An older answer that comes late must not replace a newer one.
      if (mine === asked && document.activeElement === input) show(rows);
    } catch {
      if (mine === asked) {
        list.replaceChildren();
        note(box.dataset.failed);
        list.hidden = false;
      }
    }
  }

  function choose(item) {
    key.value = item.dataset.id;
    chosen = input.value = item.dataset.label;
    clear.hidden = false;
    close();
    key.dispatchEvent(new Event("input", { bubbles: true }));
    fillIn(key, fills.get(item));
  }

  // Another field's choice fills this one in.
  key.addEventListener("fill", (event) => {
    chosen = input.value = event.detail;
    clear.hidden = !chosen;
  });

  function mark(index) {
    const all = options();
    if (!all.length) return;
    all[at]?.setAttribute("aria-selected", "false");
    at = (index + all.length) % all.length;
    all[at].setAttribute("aria-selected", "true");
    all[at].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", all[at].id);
  }

  input.addEventListener("input", () => {
    // What was typed but not chosen is no id: the server then says so at the field.
    key.value = input.value.trim() ? (input.value === chosen ? key.value : "?") : "";
    clear.hidden = !input.value;
    clearTimeout(timer);
    timer = setTimeout(search, 180);
  });
  input.addEventListener("click", () => list.hidden && search());
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) search();
      else mark(at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      const all = options();
      if (all[at] ?? (all.length === 1 && all[0])) choose(all[at] ?? all[0]);
    } else if (event.key === "Escape" && !list.hidden) {
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

// Pop-overs: one at a time; a click beside or Escape closes.
const popovers = [...document.querySelectorAll("details[data-popover]")];
document.addEventListener("click", (event) => {
  for (const each of popovers) if (each.open && !each.contains(event.target)) each.open = false;
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "Escape") {
    for (const each of popovers) {
      if (!each.open) continue;
      each.open = false;
      each.querySelector("summary").focus();
    }
  } else if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    document.querySelector("[data-shortcut='/']")?.focus();
  }
});

// Filters: empty ones stay out of the address.
for (const form of document.querySelectorAll("[data-filters]")) {
  form.addEventListener("submit", () => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  });
}

// Selection in lists.
for (const form of document.querySelectorAll("[data-selection]")) {
  const all = form.querySelector("[data-select-all]");
  const button = form.querySelector("[data-needs-selection]");
  if (!all || !button) continue;
  const rows = [...form.querySelectorAll("input[name=id]")];
  const tell = () => {
    const count = rows.filter((row) => row.checked).length;
    button.disabled = !count;
    all.checked = count === rows.length;
    all.indeterminate = count > 0 && count < rows.length;
  };
  all.addEventListener("change", () => {
    for (const row of rows) row.checked = all.checked;
    tell();
  });
  form.addEventListener("change", tell);
  tell();
}

// Notes: files are chosen, dropped or pasted; what was chosen is named before it is sent.
for (const form of document.querySelectorAll("form[data-notes]")) {
  const input = form.querySelector("input[type=file]");
  const list = form.querySelector(".chosen-files");
  const card = form.closest(".notes");

  const tell = () => {
    list.replaceChildren(
      ...[...input.files].map((file) => {
        const item = document.createElement("li");
        item.textContent = `${file.name} (${Math.ceil(file.size / 1024)} KB)`;
        return item;
      }),
    );
  };

  function add(files) {
    const all = new DataTransfer();
    for (const file of [...input.files, ...files]) all.items.add(file);
    input.files = all.files;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    tell();
  }

  input.addEventListener("change", tell);
  form.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    const at = new Date().toTimeString().slice(0, 8).replaceAll(":", "");
    // A browser calls every screenshot image.png.
    add(files.map((file, index) => (file.name === "image.png"
      ? new File([file], `${form.dataset.pasted} ${at}${index ? `-${index}` : ""}.png`, { type: file.type })
      : file)));
  });
  card.addEventListener("dragover", (event) => {
    event.preventDefault();
    card.classList.add("dropping");
  });
  card.addEventListener("dragleave", () => card.classList.remove("dropping"));
  card.addEventListener("drop", (event) => {
    event.preventDefault();
    card.classList.remove("dropping");
    add([...event.dataTransfer.files]);
  });
}

// Forms: warn before leaving with unsaved changes, send once only, and not where the draft would be lost.
for (const form of document.querySelectorAll("form[data-guard]")) {
  let changed = false;
  let sent = false;
  let ready = false;

  function hold(reason) {
    for (const message of form.querySelectorAll("[data-held]")) message.hidden = message.dataset.held !== reason;
    sent = false;
  }

  // The login may have ended while somebody typed, or begun anew with another token.
  async function prepare(submitter) {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "manual" });
      if (answer.type === "opaqueredirect") return hold("login");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const token = page.querySelector("form[data-guard] [name=csrf_token]");
      if (token) form.elements.csrf_token.value = token.value;
    } catch {
      return hold("network");
    }
    hold("");
    ready = true;
    form.requestSubmit(submitter);
  }

  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", (event) => {
    if (!ready || sent) event.preventDefault();
    if (!ready && !sent) prepare(event.submitter);
    sent = true;
  });
  addEventListener("beforeunload", (event) => {
    if (changed && !sent) event.preventDefault();
  });
  addEventListener("pageshow", () => { sent = ready = false; });
  const wrong = form.querySelector("[aria-invalid=true]");
  (wrong ?? document.querySelector("#problem"))?.focus();
}
