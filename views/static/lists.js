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
