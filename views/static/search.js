"use strict";

// The words that were searched for stand out; digits also where a phone number is written with blanks between.
huisheng.mark = (element, typed) => {
  const words = typed.split(/\s+/).filter(Boolean).sort((one, other) => other.length - one.length);
  if (!words.length) return;
  const escaped = words.map((word) => (/^\d+$/.test(word)
    ? [...word].join("[\\s()./-]*")
    : word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  const pattern = new RegExp(escaped.join("|"), "gi");
  const texts = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  // Dates and distances are not searched.
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest("time")) texts.push(walker.currentNode);
  for (const text of texts) {
    const parts = [];
    let end = 0;
    for (const { 0: match, index } of text.data.matchAll(pattern)) {
      const mark = document.createElement("mark");
      mark.textContent = match;
      parts.push(text.data.slice(end, index), mark);
      end = index + match.length;
    }
    if (end) text.replaceWith(...parts, text.data.slice(end));
  }
};
for (const found of document.querySelectorAll("[data-mark]")) huisheng.mark(found, found.dataset.mark);

// The search box: what is found shows below it as one types; Enter without a choice opens the page of all hits.
for (const form of document.querySelectorAll("[data-search-hits]")) {
  const input = form.querySelector("[role=combobox]");
  const list = form.querySelector("[role=listbox]");
  const status = form.querySelector("[role=status]");
  const shortcut = form.querySelector("kbd");
  let options = [];
  let at = -1;
  let timer = 0;
  let asked = new AbortController();
  let shownFor = null;

  if (/Mac|iPhone|iPad/.test(navigator.platform)) shortcut.textContent = "⌘ K";

  function close() {
    clearTimeout(timer);
    asked.abort();
    shownFor = null;
    at = -1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    options[at]?.setAttribute("aria-selected", "false");
    at = options.length ? (index + options.length) % options.length : -1;
    const option = options[at];
    if (!option) return;
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function drawOption(url, label, hint, kind) {
    const option = element("a", {
      role: "option", id: `${list.id}-${options.length}`, href: url, tabindex: "-1", "aria-selected": "false", class: kind,
    }, element("span", { class: "hit-label" }, label));
    if (hint) option.append(" ", element("span", { class: "hint" }, hint));
    options.push(option);
    return option;
  }

  function show({ typed, groups }) {
    options = [];
    at = -1;
    input.removeAttribute("aria-activedescendant");
    list.replaceChildren(...groups.map((group, index) => {
      const heading = element("div", { class: "group-label", id: `${list.id}-group-${index}`, role: "presentation" }, group.label);
      const drawn = element("div", { role: "group", "aria-labelledby": heading.id }, heading);
      for (const hit of group.hits) {
        const option = drawOption(hit.url, hit.label, hit.hint, "hit");
        huisheng.mark(option, typed);
        drawn.append(option);
      }
      if (group.more) drawn.append(drawOption(group.more, form.dataset.more, "", "hit more"));
      return drawn;
    }));
    const count = options.length;
    status.textContent = count ? form.dataset.count.replace("{}", count) : form.dataset.none;
    const note = count ? form.dataset.all : form.dataset.none;
    list.append(element("p", { class: "note", role: "presentation" }, typed ? note : form.dataset.start));
    list.scrollTop = 0;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  async function search() {
    const typed = input.value.trim();
    if (typed === shownFor) return;
    // An older answer that comes late must not replace a newer one.
    asked.abort();
    asked = new AbortController();
    shownFor = typed;
    try {
      const answer = await fetch(`${form.dataset.searchHits}?q=${encodeURIComponent(typed)}`, {
        headers: { Accept: "application/json" }, signal: asked.signal,
      });
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.json());
    } catch (problem) {
      if (problem.name === "AbortError") return;
      shownFor = null;
      options = [];
      list.replaceChildren(element("p", { class: "note" }, form.dataset.failed));
      list.hidden = false;
      status.textContent = form.dataset.failed;
    }
  }

  const searchSoon = (event) => {
    // A word of Chinese is ready when its characters are chosen, not while its sounds are typed.
    if (event.isComposing) return;
    options[at]?.setAttribute("aria-selected", "false");
    // What was found for other words can't be chosen any more: Enter opens the page of all hits.
    options = [];
    shownFor = null;
    at = -1;
    input.removeAttribute("aria-activedescendant");
    clearTimeout(timer);
    timer = setTimeout(search, 150);
  };
  input.addEventListener("input", searchSoon);
  input.addEventListener("compositionend", searchSoon);
  input.addEventListener("click", () => list.hidden && search());
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) search();
      else choose(at < 0 && event.key === "ArrowUp" ? -1 : at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && options[at] && !list.hidden) {
      event.preventDefault();
      options[at].click();
    } else if (event.key === "Enter" && !input.value.trim()) {
      event.preventDefault();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (list.hidden && !input.value) input.blur();
      else if (list.hidden) input.value = "";
      close();
    } else if (event.key === "Tab") {
      close();
    }
  });
  // A press in the list keeps the focus in the box; one beside both closes the list.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  document.addEventListener("click", (event) => {
    if (!form.contains(event.target)) close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    input.focus();
    input.select();
    search();
  });
}
