"use strict";

// Keys: each acts where its target stands on the page, and the dialog of keys shows just those that do.
{
  const keys = document.querySelector("#keys");
  const main = document.querySelector("main");
  const form = main.querySelector("form.record-form");
  const SEQUENCE_LASTS = 1500;
  let goSince = -Infinity;
  let isTouched = false;

  // The row that has the focus is the cursor: Enter then opens its link by itself.
  const linkOf = (row) => row.querySelector("a.title-link") ?? row.querySelector("a[href]");
  const rows = () => [...main.querySelectorAll("table.records tbody tr")].filter(linkOf);
  const cursor = () => document.activeElement.closest?.("table.records tbody tr");

  function move(step) {
    const all = rows();
    const at = all.indexOf(cursor());
    const row = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))];
    linkOf(row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  const link = (selector) => () => main.querySelector(selector);
  const newLink = link(".page-actions a[href*='/new/']");
  const editLink = link(".page-actions a[href*='/edit/?']");
  const note = link("#note-body");
  const click = (find) => [find, () => find().click()];

  // What a key does: first where it works, then what happens.
  const ACTIONS = {
    down: [() => cursor() || (main.querySelector("[data-selection]") && rows().length), () => move(1)],
    up: [() => cursor() || (main.querySelector("[data-selection]") && rows().length), () => move(-1)],
    next: [() => rows().length, () => move(1)],
    previous: [() => rows().length, () => move(-1)],
    open: [() => rows().length, null],
    "edit-row": [() => main.querySelector("tr[data-edit]"), () => {
      const address = cursor()?.dataset.edit;
      if (address) location.assign(address);
    }],
    "change-cell": [() => main.querySelector("a.edit-cell"), () => {
      const cells = [...(cursor() ?? rows()[0]).querySelectorAll("a.edit-cell")];
      cells[(cells.indexOf(document.activeElement) + 1) % cells.length]?.focus();
    }],
    tick: [() => main.querySelector("td.tick input"), () => cursor()?.querySelector("td.tick input")?.click()],
    selected: [link("[data-needs-selection]"), () => main.querySelector("[data-needs-selection]:not(:disabled)")?.focus()],
    "previous-page": click(link("a[rel=prev]")),
    "next-page": click(link("a[rel=next]")),
    later: click(link("a[data-next]")),
    earlier: click(link("a[data-previous]")),
    approve: [link("[data-decide] [value=approve]"), () => main.querySelector("[data-decide] [value=approve]").focus()],
    "send-back": [link("[data-decide] textarea"), () => main.querySelector("[data-decide] textarea").focus()],
    new: click(newLink),
    edit: click(editLink),
    note: [note, () => note().focus()],
    save: [() => formInUse(), () => formInUse().requestSubmit(formInUse().querySelector("button.primary"))],
    "save-another": [() => another(), () => another().form.requestSubmit(another())],
    leave: [() => form && !isTouched && !main.querySelector("#problem") && back(), () => back().click()],
    search: [() => document.querySelector("[data-shortcut='/']"), () => document.querySelector("[data-shortcut='/']").focus()],
    keys: [() => keys, showKeys],
    go: [() => true, null],
  };
  const works = (action) => Boolean(ACTIONS[action][0]());
  const LETTERS = {
    j: ["next", "later"], ArrowDown: ["down"], k: ["previous", "earlier"], ArrowUp: ["up"], e: ["edit-row", "edit"], x: ["tick"], a: ["selected", "approve"], r: ["send-back"], c: ["change-cell"],
    n: ["note", "new"], "[": ["previous-page"], "]": ["next-page"], "/": ["search"], "?": ["keys"], "？": ["keys"],
  };

  function formInUse() {
    const own = document.activeElement.closest?.("form[data-guard], dialog[open] form[method=post]");
    const candidate = own ?? (document.querySelector("dialog[open]") ? null : form);
    // Of two decisions none is what "save" means.
    return candidate?.querySelector("button.primary") && !candidate.matches("[data-decide]") ? candidate : null;
  }
  const another = () => formInUse()?.querySelector("button[name=_add_another]");
  const back = () => form.querySelector("[data-leave-anyway]");

  // One key does one thing on a page: the first of its actions that works.
  const isMeant = (action) => works(action)
    && Object.values(LETTERS).every((actions) => !actions.includes(action) || actions.find(works) === action);

  function showKeys() {
    for (const row of keys.querySelectorAll("[data-action]")) row.hidden = !isMeant(row.dataset.action);
    for (const part of keys.querySelectorAll("section")) part.hidden = !part.querySelector("[data-action]:not([hidden])");
    keys.showModal();
  }

  // Buttons, ticks and links take no letters; whatever is typed into does, and so does what stands open.
  // A dialog that was just closed holds the focus until the next frame, but no longer the keys.
  const isTyping = (target) => target.isContentEditable
    || target.closest("textarea, select, [role=listbox], dialog[open], details[data-popover][open]")
    || (target.matches("input") && !["checkbox", "button", "submit", "file"].includes(target.type));

  function act(event, actions) {
    const action = actions.find(works);
    if (!action) return;
    event.preventDefault();
    ACTIONS[action][1]();
  }

  function go(event) {
    const page = keys.querySelector(`[data-letter="${CSS.escape(event.key)}"]`);
    goSince = -Infinity;
    if (!page) return false;
    event.preventDefault();
    location.assign(page.dataset.url);
    return true;
  }

  document.addEventListener("keydown", (event) => {
    // 229: an input method has the key, before it begins to compose.
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      const saves = event.key === "Enter" || (event.key.toLowerCase() === "s" && !event.shiftKey);
      if (saves && !event.repeat) act(event, [event.shiftKey ? "save-another" : "save"]);
      return;
    }
    if (isTyping(event.target)) return;
    if (performance.now() - goSince < SEQUENCE_LASTS && go(event)) return;
    if (event.key === "g") goSince = performance.now();
    else if (Object.hasOwn(LETTERS, event.key)) act(event, LETTERS[event.key]);
  });

  // Escape leaves a form only where it closes nothing: what is open is looked at before others close it.
  const OPEN = "dialog[open], details[data-popover][open], [role=listbox]:not([hidden]), [aria-expanded=true]";
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || document.querySelector(OPEN)) return;
    if (event.target.closest("form") && event.target.closest("form") !== form) return;
    if (works("leave")) act(event, ["leave"]);
  }, { capture: true });

  // In the reason Enter sends back, as r began it; with Shift it starts a line.
  main.querySelector("[data-decide] textarea")?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (!event.repeat) event.target.form.requestSubmit(event.target.form.querySelector("[value=refuse]"));
  });

  form?.addEventListener("input", () => { isTouched = true; });
  for (const button of document.querySelectorAll("[data-open-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      button.closest("details")?.removeAttribute("open");
      showKeys();
    });
  }
  keys.addEventListener("click", (event) => {
    if (event.target === keys) keys.close();
  });

  // A new form is begun in its first empty field; on a phone that would open the keyboard over it.
  if (form?.querySelector("[name=_add_another]") && !main.querySelector("#problem") && !matchMedia("(pointer: coarse)").matches) {
    const fields = [...form.querySelectorAll(".field :is(input, select, textarea):not([type=hidden], [type=checkbox], [disabled], [readonly])")];
    // Behind one that says whose record this is, a further look-up that may stay empty is no beginning.
    const isLookUp = (field) => field.matches("[role=combobox]");
    const known = fields.findIndex((field) => isLookUp(field) && field.value);
    const isPassed = (field, at) => known !== -1 && at > known && isLookUp(field) && !field.closest(".field").querySelector("label.must");
    (fields.find((field, at) => !field.value && !isPassed(field, at)) ?? fields[0])?.focus();
  }
}
