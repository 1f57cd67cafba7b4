"use strict";

// What is chosen shows at once in the preview; a branch of the tree of subjects is ticked with its head.
const settings = document.getElementById("settings");
const shows = settings?.querySelector("[data-shows-preview]");
if (settings && shows) {
  const PAUSE = 500;
  let timer = 0;

  const tickBranch = (box) => {
    const line = box.closest("[data-depth]");
    const depth = Number(line.dataset.depth);
    for (let next = line.nextElementSibling; next && Number(next.dataset.depth) > depth; next = next.nextElementSibling) {
      next.querySelector("input").checked = box.checked;
    }
  };

  settings.addEventListener("change", (event) => {
    if (event.target.name === "subject") tickBranch(event.target);
    clearTimeout(timer);
    timer = setTimeout(() => settings.requestSubmit(shows), PAUSE);
  });
  shows.addEventListener("click", () => {
    // On a phone the preview stands below.
    document.getElementById("preview-title").scrollIntoView({ block: "nearest", behavior: "smooth" });
  });
}
