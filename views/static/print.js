"use strict";

// On paper a mail is its whole text: it is unfolded for the printer, and folded again.
const folded = [...document.querySelectorAll("details:has(.mail-text):not([open])")];
addEventListener("beforeprint", () => {
  for (const each of folded) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of folded) each.open = false;
});

// Who has no keyboard prints by a button.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
