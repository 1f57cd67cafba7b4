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

// The menu is longer than most screens: it stays where it was, and the page's own entry is in sight.
{
  const sidebar = document.querySelector(".sidebar");
  const sheet = document.querySelector(".menu-sheet");
  const showEntry = (menu) => {
    const entry = menu.querySelector("[aria-current]")?.getBoundingClientRect();
    const box = menu.getBoundingClientRect();
    if (!entry || (entry.top >= box.top && entry.bottom <= box.bottom)) return;
    menu.scrollTop += (entry.top + entry.bottom - box.top - box.bottom) / 2;
  };
  if (sidebar) {
    sidebar.scrollTop = sessionStorage.getItem("sidebar");
    showEntry(sidebar);
    addEventListener("pagehide", () => sessionStorage.setItem("sidebar", sidebar.scrollTop));
    sheet.parentElement.addEventListener("toggle", () => showEntry(sheet));
  }
}
