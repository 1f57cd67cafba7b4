"use strict";

// A text that is to be given on, such as the link of an invitation, goes to the clipboard with one click.
huisheng.enhance((root) => {
  for (const button of root.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.parentElement.querySelector("[data-copy-source]").value);
      button.textContent = button.dataset.copy;
    });
  }
});

// On a phone a subject shows who is told of it; all departments to tick unfold at a button.
huisheng.enhance((root) => {
  for (const matrix of root.querySelectorAll("[data-folds]")) {
    for (const button of matrix.querySelectorAll(".fold")) {
      const row = button.closest("tr");
      const show = (isOpen) => {
        row.classList.toggle("folded", !isOpen);
        button.setAttribute("aria-expanded", String(isOpen));
      };
      button.hidden = false;
      button.addEventListener("click", () => show(row.classList.contains("folded")));
      show(Boolean(row.querySelector(".has-error, .error")));
    }
  }
});

// What was pasted says at once how many lines it is.
huisheng.enhance((root) => {
  for (const area of root.querySelectorAll("textarea[data-lines]")) {
    const shown = document.getElementById(area.dataset.lines);
    const count = () => {
      const lines = area.value.split("\n").filter((line) => line.trim()).length;
      shown.textContent = lines ? shown.dataset.text.replace("0", String(lines)) : "";
    };
    area.addEventListener("input", count);
    count();
  }
});
