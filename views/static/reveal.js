"use strict";

// Showing a masked value in its place: asked for and noted on the server, then open in the form for a change.
huisheng.enhance((root) => {
  async function ask(button) {
    const body = new FormData();
    body.set("csrf_token", button.form.elements.csrf_token.value);
    body.set("column", button.value);
    try {
      const answer = await fetch(button.formAction, {
        method: "POST", body, headers: { Accept: "application/json" }, redirect: "error",
      });
      if (answer.status === 401) return { message: button.dataset.ended };
      if (answer.ok || answer.status === 429) return await answer.json();
    } catch {
      // Said below, at the button.
    }
    return { message: button.dataset.failed };
  }

  function say(button, sentence) {
    let place = button.nextElementSibling;
    if (!place) {
      place = document.createElement("span");
      place.className = "reveal-problem";
      place.setAttribute("role", "alert");
      button.after(place);
    }
    place.textContent = sentence;
  }

  function open(field, name, shown) {
    field.name = name;
    field.value = shown.text;
    field.defaultValue = shown.text;
    field.readOnly = false;
    const token = document.createElement("input");
    token.type = "hidden";
    token.name = "_revealed";
    token.value = shown.token;
    field.after(token);
    return field;
  }

  function show(place, shown) {
    const dialled = shown.numbers.filter((each) => each.dialled);
    if (dialled.length && dialled.length === shown.numbers.length) {
      place.replaceChildren(...dialled.map((each) => {
        const link = document.createElement("a");
        link.href = `tel:${each.dialled}`;
        link.textContent = each.text;
        return link;
      }));
    } else place.textContent = shown.text;
    place.tabIndex = -1;
    return place;
  }

  for (const button of root.querySelectorAll("[data-reveal]")) {
    // A form sent by Enter must not take it for its own button.
    button.type = "button";
    button.addEventListener("click", async () => {
      button.disabled = true;
      const shown = await ask(button);
      button.disabled = false;
      if (shown.message) {
        say(button, shown.message);
        button.focus();
        return;
      }
      const here = button.closest("[data-masked]");
      for (const each of document.querySelectorAll(`[data-masked="${button.value}"]`)) {
        const other = each.querySelector("[data-reveal]");
        if (other?.formAction !== button.formAction) continue;
        const field = each.querySelector("[readonly]");
        const place = field ? open(field, button.value, shown) : show(each.querySelector("[data-value]"), shown);
        if (each === here) place.focus();
        each.classList.add("revealed");
      }
      const used = document.querySelectorAll(`[data-masked="${button.value}"].revealed [data-reveal]`);
      for (const other of used) (other.closest("[data-masked] > form") ?? other).remove();
    });
  }
});
