// Times that people type: shown and typed in their own zone, sent in UTC. And fields that are there
// only for one of several choices.

import { whenShown } from "./regions.js";

const two = (number) => String(number).padStart(2, "0");

/** A time as the fields write it, in the person's zone. */
function written(at) {
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** What was typed, as a time in UTC; text that is no time stays, so that it can be refused. */
function sent(typed) {
  const at = new Date(typed.trim().replace(" ", "T"));
  return Number.isNaN(at.getTime()) ? typed : at.toISOString();
}

function tellChoices(root) {
  for (const choice of root.querySelectorAll("ui5-radio-button[data-reveals]")) {
    document.getElementById(choice.dataset.reveals).hidden = !choice.checked;
  }
}

whenShown((root) => {
  for (const field of root.querySelectorAll("[data-moment]")) {
    const at = new Date(field.getAttribute("value") ?? "");
    if (!Number.isNaN(at.getTime())) {
      field.value = written(at);
    }
  }
});

document.addEventListener("formdata", ({ target: form, formData }) => {
  for (const field of form.querySelectorAll("[data-moment]")) {
    const name = field.getAttribute("name");
    if (formData.get(name)) {
      formData.set(name, sent(formData.get(name)));
    }
  }
  if (form.method === "get") {
    for (const [name, value] of [...formData]) {
      if (!value) {
        formData.delete(name);
      }
    }
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form");
  if (form && event.target.tagName === "UI5-RADIO-BUTTON") {
    tellChoices(form);
  }
});
