"use strict";

// Two versions of a record: whoever goes on typing means the own one.
function chooseVersions(form) {
  const choice = (difference, version) => difference.querySelector(`input[type=radio][value=${version}]`);
  const differences = [...form.querySelectorAll("[data-difference]")];
  for (const difference of differences) {
    difference.addEventListener("input", ({ target }) => {
      if (target.type !== "radio") choice(difference, "mine").checked = true;
    });
  }
  for (const buttons of form.querySelectorAll("[data-take-all]")) {
    buttons.hidden = differences.length < 2;
    buttons.addEventListener("click", ({ target }) => {
      const { take } = target.closest("[data-take]")?.dataset ?? {};
      if (!take) return;
      for (const difference of differences) choice(difference, take).checked = true;
      form.querySelector("button.primary").focus();
    });
  }
}

// What the panel would refuse for its size stays in the form: returns what to say, nothing where it can be sent.
function tooLarge(form) {
  const told = form.querySelector("[data-held=large]");
  if (!told) return "";
  const megabytes = (bytes) => (bytes / 1048576).toFixed(1);
  const say = (words, name, bytes) => words.replace("{name}", name).replace("{size}", megabytes(bytes));
  const { text, textMost, file, fileMost, all, allMost } = told.dataset;
  const fields = [...new FormData(form)];
  const files = fields.map(([, value]) => value).filter((value) => value instanceof File);
  const large = files.find((each) => each.size > Number(fileMost));
  if (large) return say(file, large.name, large.size);
  const together = files.reduce((sum, each) => sum + each.size, 0);
  // The frame around each part, and the text beside, take some too.
  if (files.length && together > Number(allMost) - Number(textMost)) return say(all, "", together);
  const texts = fields.filter(([, value]) => typeof value === "string");
  if (new URLSearchParams(texts).toString().length <= Number(textMost)) return "";
  const [name] = texts.reduce((most, each) => (each[1].length > most[1].length ? each : most));
  const label = form.elements[name]?.labels?.[0]?.textContent.trim();
  return say(text, label ?? name, 0);
}

// Forms: warn before leaving with unsaved changes, send once only, and not where the draft would be lost.
huisheng.enhance((root) => {
  for (const form of root.querySelectorAll("form[data-guard]")) {
    // What came back with errors is a draft still, and so is what came back after one.
    let changed = "changed" in form.dataset || form.querySelector("[aria-invalid=true]") !== null;
    let sent = false;
    let ready = false;

    // While it is on its way its button says so; what did not arrive frees it again.
    function showBusy(submitter) {
      for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
      submitter?.setAttribute("aria-busy", "true");
    }

    function hold(reason, words) {
      if (reason) showBusy(null);
      for (const message of form.querySelectorAll("[data-held]")) {
        message.hidden = message.dataset.held !== reason;
        if (words && !message.hidden) message.textContent = words;
        // It stands at the end of the form; the button, and the key that saves, are on every screenful of it.
        if (!message.hidden) message.scrollIntoView({ block: "center" });
      }
      sent = false;
    }

    // The login may have ended while somebody typed, or begun anew with another token.
    async function prepare(submitter) {
      const words = tooLarge(form);
      if (words) return hold("large", words);
      try {
        // What a post answered has an address of its own, which nobody may only read.
        const here = form.dataset.page ?? (form.closest("dialog") ? form.action : location.href);
        const answer = await fetch(here, { headers: { Accept: "text/html" }, redirect: "manual" });
        if (answer.type === "opaqueredirect") return hold("login");
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const token = page.querySelector("[name=csrf_token]");
        if (token) form.elements.csrf_token.value = token.value;
      } catch {
        return hold("network");
      }
      hold("");
      ready = true;
      form.requestSubmit(submitter);
    }

    form.addEventListener("input", () => { changed = true; });
    chooseVersions(form);
    // A form in a dialog is sent by a script, which says here that it did not arrive.
    form.addEventListener("held", (event) => {
      ready = false;
      hold(event.detail);
    });
    form.addEventListener("submit", (event) => {
      if (!ready || sent) event.preventDefault();
      if (!ready && !sent) {
        showBusy(event.submitter ?? form.querySelector("button.primary"));
        prepare(event.submitter);
      }
      sent = true;
    });
    addEventListener("beforeunload", (event) => {
      if (form.isConnected && changed && !sent) event.preventDefault();
    });
    addEventListener("pageshow", () => {
      sent = ready = false;
      showBusy(null);
    });
    const wrong = form.querySelector("[aria-invalid=true]");
    const first = form.querySelector("input:not([type=hidden]), select, textarea");
    // On a phone the keyboard would cover the form before it is seen.
    const isFree = document.activeElement === document.body; // nobody has begun elsewhere meanwhile
    const canBegin = root === document && isFree && "new" in form.dataset && matchMedia("(pointer: fine)").matches;
    (wrong ?? root.querySelector("#problem") ?? (canBegin ? first : null))?.focus();
  }
});
