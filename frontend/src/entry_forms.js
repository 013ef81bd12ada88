// Forms about entries and new keys: parts that belong to a choice, and requests as file or as text.

import * as messages from "./messages.js";
import { whenShown } from "./regions.js";
import { replaceWindow } from "./windows.js";

/** Show the parts of a form that belong to what is chosen: in the first field that says something. */
function tellChoice(group) {
  const chosen = group.dataset.choices
    .split(" ")
    .map((name) => group.querySelector(`[name="${name}"]`)?.value)
    .find(Boolean);
  for (const part of group.querySelectorAll("[data-when]")) {
    part.hidden = part.dataset.when !== (chosen ?? "");
  }
}

document.addEventListener("change", (event) => {
  const group = event.target.closest?.("[data-choices]");
  if (group?.dataset.choices.split(" ").includes(event.target.getAttribute("name"))) {
    tellChoice(group);
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-submit-as]");
  if (button) {
    const form = button.closest("form");
    form.elements.namedItem("as").value = button.dataset.submitAs;
    form.requestSubmit();
  }
});

// Whoever corrects what was refused may want it the other way.
document.addEventListener("refused", (event) => {
  if (event.target.querySelector("[data-submit-as]")) {
    event.target.elements.namedItem("as").value = "";
  }
});

document.addEventListener("file-saved", (event) => {
  const next = event.target.querySelector("template[data-saved-next]");
  if (next) {
    replaceWindow(event.target, next.innerHTML);
  }
});

whenShown((root) => {
  for (const copier of root.querySelectorAll("[data-copy-now]")) {
    // Where a page may not, or the connection is not a secure one, the button is still there.
    navigator.clipboard?.writeText(copier.dataset.copy).then(
      () => messages.show(copier.dataset.copied),
      () => {},
    );
  }
});
