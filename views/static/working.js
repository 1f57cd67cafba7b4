"use strict";

// An import or export at work: ask how far it is, and show its page anew when the step has ended.
const working = document.querySelector("[data-status]");
if (working) {
  const bar = working.querySelector("progress");
  const words = working.querySelector("[data-share]");
  let wait = 700;

  const ask = async () => {
    try {
      const answer = await fetch(working.dataset.status, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { state, share } = await answer.json();
      if (state !== working.dataset.state) {
        location.reload();
        return;
      }
      if (share !== null) {
        bar.value = share;
        words.textContent = `${Math.floor(share * 100)} %`;
      }
      wait = 1000;
    } catch {
      // The server restarts, or the line is down: ask again, more slowly.
      wait = Math.min(wait * 2, 15000);
    }
    setTimeout(ask, wait);
  };
  setTimeout(ask, wait);
}
