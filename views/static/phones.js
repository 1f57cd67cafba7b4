"use strict";

// Phones: what seems wrong with a number is said as one leaves the field, and keeps nobody from saving it.
huisheng.enhance((root) => {
  for (const input of root.querySelectorAll("[data-phone]")) {
    input.addEventListener("change", async () => {
      const typed = input.value.trim();
      let doubt = "";
      try {
        const address = `${input.dataset.phone}?text=${encodeURIComponent(typed)}`;
        if (typed) ({ doubt } = await (await fetch(address, { headers: { Accept: "application/json" } })).json());
      } catch {
        return;
      }
      if (input.value.trim() !== typed) return;
      let said = input.parentElement.querySelector(".doubt");
      if (!said) {
        said = document.createElement("p");
        said.className = "doubt";
        said.setAttribute("role", "status");
        input.parentElement.append(said);
      }
      said.textContent = doubt ?? "";
    });
  }
});
