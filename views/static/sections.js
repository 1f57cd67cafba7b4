"use strict";

// Long forms: the way to each section, which of them holds something to fill in or to mend, and errors that lead
// to their fields.
{
  const isMissing = (field) => {
    const shown = field.matches("[role=combobox]") ? field.parentElement.querySelector("input[type=hidden]") : field;
    return !shown.value;
  };

  huisheng.enhance((root) => {
    for (const link of root.querySelectorAll(".message.error a[href^='#']")) {
      link.addEventListener("click", (event) => {
        const field = document.querySelector(link.hash);
        if (!field) return;
        event.preventDefault();
        field.focus();
      });
    }

    for (const link of root.querySelectorAll("[data-to-section]")) {
      const section = document.querySelector(link.hash).closest("[data-section]");
      const mark = link.querySelector(".mark");
      const tell = () => {
        const required = [...section.querySelectorAll("[aria-required=true], .must + .combo [role=combobox]")];
        const missing = required.filter((field) => !field.matches("fieldset") && isMissing(field)).length;
        const wrong = section.querySelectorAll("[aria-invalid=true]").length;
        mark.textContent = wrong ? `${wrong} ${mark.dataset.wrong}` : missing ? `${missing} ${mark.dataset.missing}` : "";
        mark.classList.toggle("bad", wrong > 0);
      };
      section.addEventListener("input", tell);
      section.addEventListener("change", tell);
      // Another section's choice may fill in fields of this one.
      section.addEventListener("fill", tell, true);
      link.addEventListener("click", (event) => {
        event.preventDefault();
        section.scrollIntoView({ block: "start" });
        section.querySelector("input:not([type=hidden]), select, textarea")?.focus({ preventScroll: true });
      });
      tell();
    }
  });
}
