"use strict";

// Entering a record in a dialog, from the field that is to refer to it: the form is that of the record's own page,
// and is sent to the same address, so that it asks, checks and permits the same.
{
  // A vehicle's customer, but not that customer's dealer: deeper, nobody knows any more where the whole began.
  const DEEPEST = 2;
  // What the new record has in common with the one that refers to it.
  const SHARED = ["customer_id", "dealer_id", "region_id"];
  const REFERENCES = ["for", "aria-controls", "aria-describedby", "aria-labelledby"];
  let serial = 0;

  // Two forms of one page may not share ids: labels would name the other form's fields.
  function rename(part, prefix) {
    for (const element of part.querySelectorAll("[id]")) element.id = prefix + element.id;
    for (const name of REFERENCES) {
      for (const element of part.querySelectorAll(`[${name}]`)) {
        const ids = element.getAttribute(name).split(" ");
        element.setAttribute(name, ids.map((id) => prefix + id).join(" "));
      }
    }
    for (const link of part.querySelectorAll("a[href^='#']")) link.hash = `#${prefix}${link.hash.slice(1)}`;
  }

  function addressOf(path, typed, form) {
    const address = new URL(path, location.href);
    if (typed) address.searchParams.set("_typed", typed);
    for (const name of SHARED) {
      const value = form?.elements?.[name]?.value;
      if (/^\d+$/.test(value ?? "")) address.searchParams.set(name, value);
    }
    return address;
  }

  class EntryDialog {
    constructor(address) {
      this.address = address;
      this.prefix = `e${++serial}-`;
      this.changed = false;
      const part = document.querySelector("#entry-dialog").content.cloneNode(true);
      this.dialog = part.querySelector("dialog");
      this.body = part.querySelector(".dialog-body");
      this.question = part.querySelector("[data-question]");
      this.heading = part.querySelector("h2");
      this.heading.id = `${this.prefix}title`;
      this.dialog.setAttribute("aria-labelledby", this.heading.id);
      this.listen();
      document.body.append(part);
    }

    listen() {
      this.dialog.addEventListener("input", () => { this.changed = true; });
      this.dialog.addEventListener("submit", (event) => this.send(event));
      this.dialog.addEventListener("click", ({ target }) => {
        if (target.closest("[data-stay]")) this.stay();
        else if (target.closest("[data-discard]")) this.close(null);
      });
      for (const button of this.dialog.querySelectorAll("[data-leave]")) this.leaves(button);
      this.dialog.addEventListener("keydown", (event) => {
        // The keys of the page save and leave the form under the dialog.
        event.stopPropagation();
        if ((event.ctrlKey || event.metaKey) && (event.key === "Enter" || event.key.toLowerCase() === "s")) {
          event.preventDefault();
          this.body.querySelector("form").requestSubmit();
        }
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault();
        this.leave();
      });
      // The way back of a phone.
      this.dialog.addEventListener("cancel", (event) => {
        if (event.target !== this.dialog) return;
        event.preventDefault();
        this.leave();
      });
    }

    leaves(element) {
      element.addEventListener("click", (event) => {
        event.preventDefault();
        this.leave();
      });
    }

    show(text) {
      const page = new DOMParser().parseFromString(text, "text/html");
      const form = page.querySelector("form.record-form");
      if (!form) return false;
      this.heading.textContent = page.querySelector("h1").textContent;
      // Always the same address: the page's own for the token, and where the form goes.
      form.action = this.address;
      for (const other of form.querySelectorAll("[name=_add_another]")) other.remove();
      for (const cancel of form.querySelectorAll("[data-leave-anyway]")) this.leaves(cancel);
      const messages = page.querySelectorAll("main > .message");
      this.body.replaceChildren(...messages, form);
      rename(this.body, this.prefix);
      if (!this.dialog.open) this.dialog.showModal();
      huisheng.apply(this.body);
      if (!this.body.contains(document.activeElement)) this.focusFirst(form);
      return true;
    }

    focusFirst(form) {
      const fields = [...form.querySelectorAll("input:not([type=hidden]), select, textarea")];
      const empty = fields.find((field) => !field.value && field.matches("[aria-required=true], .must + * *"));
      (empty ?? fields[0])?.focus();
    }

    async open(outer) {
      try {
        const answer = await fetch(this.address, { headers: { Accept: "text/html" }, redirect: "manual" });
        if (answer.type === "opaqueredirect") return this.fail(outer, "login");
        if (!answer.ok || !this.show(await answer.text())) return this.fail(outer, "network");
      } catch {
        return this.fail(outer, "network");
      }
      return new Promise((resolve) => { this.resolve = resolve; });
    }

    fail(outer, reason) {
      this.dialog.remove();
      outer.dispatchEvent(new CustomEvent("held", { detail: reason }));
      return null;
    }

    async send(event) {
      // forms.js lets a form go only once it has made sure of the login.
      if (event.defaultPrevented) return;
      event.preventDefault();
      const form = event.target;
      const held = (reason) => form.dispatchEvent(new CustomEvent("held", { detail: reason }));
      try {
        const answer = await fetch(this.address, {
          method: "POST",
          body: new URLSearchParams(new FormData(form)),
          headers: { Accept: "application/json, text/html;q=0.9" },
          redirect: "manual",
        });
        if (answer.ok && answer.headers.get("Content-Type").startsWith("application/json")) this.close(await answer.json());
        else if (answer.status === 401) held("login");
        else if (!this.show(await answer.text())) held("network");
      } catch {
        held("network");
      }
    }

    leave() {
      if (!this.changed) this.close(null);
      else if (!this.question.hidden) this.stay();
      else {
        this.last = document.activeElement;
        this.question.hidden = false;
        this.question.querySelector("[data-stay]").focus();
      }
    }

    stay() {
      this.question.hidden = true;
      this.last?.focus();
    }

    close(entered) {
      this.dialog.close();
      this.dialog.remove();
      this.resolve(entered);
    }
  }

  huisheng.canEnter = () => document.querySelectorAll("dialog.entry[open]").length < DEEPEST;

  // Resolves to {id, label} of the record that was entered, to null where none was.
  huisheng.enter = (path, form, typed = "") => new EntryDialog(addressOf(path, typed, form)).open(form);

  // A record that is now there stands in every list of its kind.
  function offer(path, { id, label }) {
    for (const button of document.querySelectorAll(`button[data-entry="${path}"]`)) {
      const select = button.parentElement.querySelector("select");
      if (![...select.options].some((option) => option.value === String(id))) select.add(new Option(label, id));
    }
  }

  huisheng.enhance((root) => {
    for (const button of root.querySelectorAll("button[data-entry]")) {
      const select = button.parentElement.querySelector("select");
      button.hidden = !huisheng.canEnter();
      button.addEventListener("click", async () => {
        const entered = await huisheng.enter(button.dataset.entry, select.form);
        if (entered) {
          offer(button.dataset.entry, entered);
          select.value = entered.id;
          select.dispatchEvent(new Event("input", { bubbles: true }));
        }
        select.focus();
      });
    }
  });
}
