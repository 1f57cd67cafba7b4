"use strict";

// A file's field stands behind a button of our own, in the reader's language: what was chosen is named beside it.
huisheng.enhance((root) => {
  for (const input of root.querySelectorAll("input[type=file][data-chosen]")) {
    const shown = document.getElementById(input.dataset.chosen);
    const tell = () => {
      const names = [...input.files].map((file) => file.name);
      shown.textContent = names.join(", ") || shown.dataset.none;
    };
    input.addEventListener("change", tell);
    // A browser that comes back to the page may have kept the choice.
    tell();
  }
});

// Notes: files are chosen, dropped or pasted; what was chosen is named before it is sent.
for (const form of document.querySelectorAll("form[data-notes]")) {
  const input = form.querySelector("input[type=file]");
  const list = form.querySelector(".chosen-files");
  const card = form.closest(".notes");

  const tell = () => {
    list.replaceChildren(
      ...[...input.files].map((file) => {
        const item = document.createElement("li");
        item.textContent = `${file.name} (${Math.ceil(file.size / 1024)} KB)`;
        return item;
      }),
    );
  };

  function add(files) {
    const all = new DataTransfer();
    for (const file of [...input.files, ...files]) all.items.add(file);
    input.files = all.files;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    tell();
  }

  input.addEventListener("change", tell);
  form.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    const at = new Date().toTimeString().slice(0, 8).replaceAll(":", "");
    // A browser calls every screenshot image.png.
    add(files.map((file, index) => (file.name === "image.png"
      ? new File([file], `${form.dataset.pasted} ${at}${index ? `-${index}` : ""}.png`, { type: file.type })
      : file)));
  });
  card.addEventListener("dragover", (event) => {
    event.preventDefault();
    card.classList.add("dropping");
  });
  card.addEventListener("dragleave", () => card.classList.remove("dropping"));
  card.addEventListener("drop", (event) => {
    event.preventDefault();
    card.classList.remove("dropping");
    add([...event.dataTransfer.files]);
  });
}
