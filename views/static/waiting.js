"use strict";

// The numbers in the sidebar come after the page; until then it shows what they were on the page before.
const waiting = {
  sidebar: document.querySelector("[data-waiting]"),

  show(numbers) {
    for (const link of document.querySelectorAll("[data-page]")) {
      link.querySelector(".waiting")?.remove();
      const [number, sentence] = numbers[link.dataset.page] ?? [];
      if (!number) continue;
      const mark = document.createElement("span");
      mark.className = "waiting";
      mark.title = sentence;
      const shown = document.createElement("span");
      shown.setAttribute("aria-hidden", "true");
      shown.textContent = number;
      const read = document.createElement("span");
      read.className = "unseen";
      read.textContent = sentence;
      mark.append(shown, read);
      link.append(" ", mark);
    }
  },

  async fetch() {
    const key = `waiting-${this.sidebar.dataset.reader}-${document.documentElement.lang}`;
    this.show(JSON.parse(sessionStorage.getItem(key) ?? "{}"));
    try {
      const answer = await fetch(this.sidebar.dataset.waiting, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const numbers = await answer.json();
      sessionStorage.setItem(key, JSON.stringify(numbers));
      this.show(numbers);
    } catch {
      // The reader has gone on to another page, or is offline: the numbers stay as they were.
    }
  },
};
if (waiting.sidebar) waiting.fetch();
