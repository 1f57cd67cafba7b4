"use strict";

// A page that tells of the moment shows itself anew, and keeps the reader's place, focus and what is open.
const live = document.querySelector("[data-live]");
if (live) {
  const SOON = 10000;
  const LATEST = 60000;
  let wait = SOON;
  let drawnAt = new Date();

  // Who reads a word closely, or has pressed a button, is not disturbed.
  const isInUse = () => {
    const selection = getSelection();
    return document.hidden || live.dataset.sent || (!selection.isCollapsed && live.contains(selection.anchorNode));
  };

  const replace = (fresh) => {
    const open = [...live.querySelectorAll("details[open][id]")].map((each) => each.id);
    const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
    live.replaceChildren(...fresh.childNodes);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };

  const sayStale = () => {
    live.querySelector(".stale")?.remove();
    const note = document.createElement("p");
    note.className = "message warning stale";
    note.setAttribute("role", "status");
    note.textContent = live.dataset.stale.replace("{}", drawnAt.toLocaleTimeString(document.documentElement.lang));
    live.prepend(note);
  };

  const refresh = async () => {
    if (!isInUse()) {
      try {
        // The header says that nobody is at work here: a login left alone ends all the same.
        const answer = await fetch(location.href, { headers: { "X-Refresh": "1" } });
        if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
        if (!fresh) throw new Error("another page");
        if (!isInUse()) replace(fresh);
        drawnAt = new Date();
        wait = SOON;
      } catch {
        sayStale();
        wait = Math.min(wait * 2, LATEST);
      }
    }
    setTimeout(refresh, wait);
  };
  live.addEventListener("submit", () => {
    live.dataset.sent = "1";
  });
  setTimeout(refresh, wait);
}
