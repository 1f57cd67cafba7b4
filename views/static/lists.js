"use strict";

// Filters: empty ones stay out of the address.
for (const form of document.querySelectorAll("[data-filters]")) {
  form.addEventListener("submit", () => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  });
}

// Selection in lists.
for (const form of document.querySelectorAll("[data-selection]")) {
  const all = form.querySelector("[data-select-all]");
  const buttons = [...form.querySelectorAll("[data-needs-selection]")];
  const told = form.querySelector("[data-selected]");
  if (!all || !buttons.length) continue;
  // A row that was changed in place is another element.
  const rows = () => [...form.querySelectorAll("input[name=id]")];
  const tell = () => {
    const ticked = rows().filter((row) => row.checked);
    const count = ticked.length;
    // What is not open in one of them is not open in all of them together.
    const isOpen = (way) => ticked.every((row) => !row.dataset.ways || row.dataset.ways.split(" ").includes(way));
    for (const button of buttons) button.disabled = !count || !isOpen(button.dataset.needsSelection);
    if (told) told.textContent = count ? told.dataset.selected.replace("{}", count) : "";
    all.checked = count === rows().length;
    all.indeterminate = count > 0 && count < rows().length;
  };
  all.addEventListener("change", () => {
    for (const row of rows()) row.checked = all.checked;
    tell();
  });
  form.addEventListener("change", tell);
  tell();
}

// A cell that can be changed in place: a click opens the field's own form in a dialog, and the row follows.
{
  async function refresh(row) {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("main > .message:not(.warning)")) old.remove();
    const messages = page.querySelectorAll("main > .message.success");
    document.querySelector("main .page-head").before(...messages);
    const fresh = page.querySelector(`tr[data-row="${row.dataset.row}"]`);
    if (!fresh) return row.remove();
    const tick = row.querySelector("td.tick input");
    if (tick) fresh.querySelector("td.tick input").checked = tick.checked;
    row.replaceWith(fresh);
    return fresh;
  }

  async function change(link) {
    const row = link.closest("tr");
    const column = [...row.cells].indexOf(link.closest("td"));
    // Where no dialog can be had, as after the end of the login, the page itself says so.
    const page = new EventTarget();
    page.addEventListener("held", () => location.assign(link.href));
    const saved = await huisheng.enter(link.getAttribute("href"), page);
    const shown = saved ? await refresh(row) : row;
    shown?.cells[column].querySelector("a.edit-cell")?.focus();
  }

  for (const table of document.querySelectorAll("table.records")) {
    table.addEventListener("click", (event) => {
      const link = event.target.closest("td.editable")?.querySelector("a.edit-cell");
      const other = event.target.closest("a, button, input, label");
      if (!link || (other && other !== link) || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (!getSelection().isCollapsed && !other) return;
      event.preventDefault();
      change(link);
    });
  }
}

{
  // A day that was chosen is where the list begins: nothing else is asked beside it.
  const day = document.getElementById("go-to-day");
  day?.addEventListener("change", () => day.form.requestSubmit());
}
