// Fields for a file: chosen, dropped or pasted. The browser keeps the file, so that the same one can
// be sent again after its plan was looked at, and carried over to the form of another entry.

import { whenShown } from "./regions.js";

const chosen = new WeakMap();

/** The files of a form by their fields' names. */
export function filesOf(form) {
  const found = new Map();
  for (const field of form.querySelectorAll("[data-file]")) {
    if (chosen.has(field)) {
      found.set(field.dataset.file, chosen.get(field));
    }
  }
  return found;
}

/** Give files to the fields of a form. */
export function giveFiles(form, files) {
  for (const field of form.querySelectorAll("[data-file]")) {
    const file = files.get(field.dataset.file);
    if (file) {
      choose(field, file);
    }
  }
}

function choose(field, file) {
  const output = field.querySelector(".chosen");
  const limit = Number(field.dataset.limit);
  const tooLarge = limit > 0 && file.size > limit;
  if (tooLarge) {
    chosen.delete(field);
    const name = (value) => value.toLocaleString(document.documentElement.lang);
    output.textContent = field.dataset.tooLarge
      .replace("{name}", () => file.name)
      .replace("{size}", name(file.size))
      .replace("{limit}", name(limit));
  } else {
    chosen.set(field, file);
    output.textContent = file.name;
  }
  field.classList.toggle("wrong", tooLarge);
  field.dispatchEvent(new CustomEvent("file-chosen", { bubbles: true, detail: { tooLarge } }));
}

whenShown((root) => {
  for (const field of root.querySelectorAll("[data-file]")) {
    const input = field.querySelector("input[type=file]");
    field.querySelector("[data-browse]").addEventListener("click", () => input.click());
    input.addEventListener("change", () => input.files[0] && choose(field, input.files[0]));
    field.addEventListener("dragover", (event) => {
      event.preventDefault();
      field.classList.add("over");
    });
    field.addEventListener("dragleave", () => field.classList.remove("over"));
    field.addEventListener("drop", (event) => {
      event.preventDefault();
      field.classList.remove("over");
      if (event.dataTransfer.files[0]) {
        choose(field, event.dataTransfer.files[0]);
      }
    });
  }
});

// A file that misses its field would otherwise take the place of the page.
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => event.preventDefault());

document.addEventListener("paste", (event) => {
  const typing = event.composedPath().some((part) => part.tagName === "INPUT" || part.tagName === "TEXTAREA");
  const forms = [...document.querySelectorAll("form")].filter((form) => form.querySelector("[data-file]"));
  const fields = [...(forms.at(-1)?.querySelectorAll("[data-file]") ?? [])];
  const field = document.activeElement.closest("[data-file]") ?? fields.find((each) => !chosen.has(each)) ?? fields[0];
  if (typing || !field) {
    return;
  }
  const text = event.clipboardData.getData("text/plain");
  const file = event.clipboardData.files[0] ?? (text ? new File([text], "pasted.txt", { type: "text/plain" }) : null);
  if (file) {
    event.preventDefault();
    choose(field, file);
  }
});
