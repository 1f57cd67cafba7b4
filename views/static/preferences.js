"use strict";

// Appearance and spacing change at once, and are kept in the background; without scripts the form is sent.
const DARK_MEDIA = { system: "screen and (prefers-color-scheme: dark)", dark: "screen", light: "not all" };

function showChoice(form, name, value) {
  document.documentElement.dataset[name] = value;
  for (const button of form.querySelectorAll(`[name=${name}]`)) button.setAttribute("aria-pressed", String(button.value === value));
  if (name !== "theme") return;
  document.querySelector("link[data-dark]").media = DARK_MEDIA[value];
  document.querySelector("meta[name=color-scheme]").content = value === "system" ? "light dark" : value;
}

for (const form of document.querySelectorAll("form[data-choices]")) {
  const problem = form.querySelector("[data-problem]");
  form.addEventListener("submit", async (event) => {
    const { name, value } = event.submitter ?? {};
    if (!name) return;
    event.preventDefault();
    const before = document.documentElement.dataset[name];
    problem.textContent = "";
    showChoice(form, name, value);
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams({ csrf_token: form.elements.csrf_token.value, [name]: value }),
      });
      if (!answer.ok) throw new Error(String(answer.status));
    } catch {
      showChoice(form, name, before);
      problem.textContent = form.dataset.failed;
    }
  });
}
