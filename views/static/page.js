"use strict";

// What each script does to a page, it does again to parts of a page that come later, such as a dialog.
const huisheng = {
  enhancers: [],
  enhance(enhancer) {
    this.enhancers.push(enhancer);
    enhancer(document);
  },
  apply(root) {
    for (const enhancer of this.enhancers) enhancer(root);
  },
};

// Pop-overs: one at a time; a click beside or Escape closes.
const popovers = [...document.querySelectorAll("details[data-popover]")];
document.addEventListener("click", (event) => {
  for (const each of popovers) if (each.open && !each.contains(event.target)) each.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const each of popovers) {
      if (!each.open) continue;
      each.open = false;
      each.querySelector("summary").focus();
    }
  }
});
