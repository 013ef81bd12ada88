// TLS Connectivity Tests: a pasted URL is cut to its host, and key pairs are suggested while somebody
// types.

import { forget, refuse } from "./forms.js";
import { elements, replaceContent } from "./regions.js";
import * as requests from "./requests.js";

const TYPING_MS = 150;
let asking = new AbortController();
let typing;

/** Have the server say what of the text is host and port: a URL may hold a password, and is sent. */
async function cut(field) {
  if (!field.value.trim()) {
    return;
  }
  const form = field.closest("form");
  const note = document.getElementById("cut-note");
  if (!form.hasAttribute("aria-busy")) {
    forget(form);
  }
  const content = new FormData();
  for (const name of ["csrf", "host", "port"]) {
    content.set(name, form.querySelector(`[name=${name}]`).value);
  }
  try {
    const { html } = await requests.post(`${form.getAttribute("action")}/address`, content);
    const found = elements(html).querySelector("[data-host]");
    const port = form.querySelector("[name=port]");
    // What was typed meanwhile stays.
    if (field.value === content.get("host") && port.value === content.get("port")) {
      field.value = found.dataset.host;
      port.value = found.dataset.port;
    }
    if (found.querySelector("ui5-message-strip")) {
      replaceContent(note, html);
    }
  } catch (error) {
    if (!(error instanceof requests.Refusal)) {
      throw error;
    }
    note.replaceChildren();
    // A form that is being sent, or was, says itself what is wrong with it.
    if (error.status !== 401 && !form.hasAttribute("aria-busy") && !form.querySelector(".problem-at-field")) {
      refuse(form, error.html);
    }
  }
}

async function suggest(field) {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const address = new URL(field.dataset.suggest, location.href);
  address.searchParams.set("text", field.value);
  if (field.closest("form").querySelector(`[name=${field.dataset.suggestNew}]`).checked) {
    address.searchParams.set("new", "yes");
  }
  try {
    const html = await requests.getPart(address, "suggestions", signal);
    field.querySelectorAll("ui5-suggestion-item").forEach((item) => item.remove());
    field.append(elements(html));
  } catch (error) {
    if (!signal.aborted && !(error instanceof requests.Refusal)) {
      throw error;
    }
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-cut]")) {
    cut(event.target);
  } else if (event.target.matches?.("ui5-checkbox")) {
    const field = event.target.closest("form")?.querySelector("[data-suggest]");
    if (field && event.target.getAttribute("name") === field.dataset.suggestNew) {
      suggest(field);
    }
  }
});

document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-suggest]")) {
    clearTimeout(typing);
    typing = setTimeout(() => suggest(event.target), TYPING_MS);
  }
});
