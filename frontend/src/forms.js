// Forms: sent in the background, so that nothing that was typed is lost, whatever the answer is.
//
// A form with data-preview is sent to that address whenever a file or a field with data-plan
// changes; what comes back is shown in its data-region. A refusal is shown in the form, beside the
// field that it is about.

import { filesOf } from "./files.js";
import * as messages from "./messages.js";
import { elements, enliven, replaceContent, whenShown } from "./regions.js";
import * as requests from "./requests.js";
import { goOn, openSignIn, replaceWindow } from "./windows.js";

const JOB_EVERY_MS = 1000;
const waiting = new WeakMap();

/** What a form holds, its files among it, and the button that sent it. */
function contentOf(form, submitter) {
  const content = new FormData(form);
  for (const [name, file] of filesOf(form)) {
    content.set(name, file, file.name);
  }
  const name = submitter?.getAttribute("name");
  if (name) {
    content.set(name, submitter.getAttribute("value") ?? "yes");
  }
  return content;
}

function busy(form, whether) {
  form.toggleAttribute("aria-busy", whether);
  for (const button of form.querySelectorAll("ui5-button[type=Submit]")) {
    button.loading = whether;
  }
}

/** Take the messages of earlier attempts away. */
export function forget(form) {
  form.querySelectorAll(":scope > .problems, .problem-at-field").forEach((place) => {
    if (place.classList.contains("problems")) {
      place.replaceChildren();
    } else {
      place.remove();
    }
  });
  for (const field of form.querySelectorAll("[value-state=Negative]")) {
    field.setAttribute("value-state", "None");
    field.querySelector("[slot=valueStateMessage]")?.remove();
  }
}

/** Show a refusal beside its field, or above the form. */
export function refuse(form, html) {
  const place = form.querySelector(":scope > .problems");
  const problem = elements(html).querySelector(".problem");
  if (!problem) {
    place.replaceChildren(elements(html));
    enliven(place);
    return;
  }
  const name = problem.dataset.field;
  const typed = name && form.querySelector(`[name="${CSS.escape(name)}"]:not([type=hidden]), [data-file="${CSS.escape(name)}"]`);
  if (typed) {
    mark(typed, problem);
  } else {
    place.replaceChildren(problem);
  }
  enliven(problem);
  const { title, detail } = problem.dataset;
  document.getElementById("announcements").textContent = title ? `${title}. ${detail}` : detail;
  if (typed && typed.matches("[name]")) {
    typed.focus();
  } else {
    problem.scrollIntoView({ block: "nearest" });
  }
}

/** Put a problem before its field: what the field shows of its own state opens below it. */
function mark(typed, problem) {
  problem.classList.add("problem-at-field");
  typed.setAttribute("value-state", "Negative");
  const short = document.createElement("div");
  short.slot = "valueStateMessage";
  short.textContent = problem.dataset.title || problem.dataset.detail;
  const label = typed.closest(".field")?.querySelector("ui5-label");
  if (typed.matches("ui5-checkbox")) {
    typed.before(problem);
  } else if (label && typed !== label.parentElement) {
    typed.append(short);
    label.after(problem);
  } else {
    typed.prepend(problem);
  }
}

async function finish(form, result) {
  if (result.file) {
    requests.save(result.file, result.name);
    form.dispatchEvent(new CustomEvent("file-saved", { bubbles: true }));
  } else if (result.address) {
    goOn(result.address, result.message);
  } else if (result.job) {
    await follow(form, result.html);
  } else {
    place(form, result.html);
  }
}

/** What a form says that its answers go to: within it, or beside it. */
function regionOf(form) {
  const name = form.dataset.region;
  return name && (form.querySelector(name) ?? form.closest("main, .dialog")?.querySelector(name));
}

/** Show HTML in place of the form; in its region if it says that the form is to be sent again. */
function place(form, html) {
  const region = regionOf(form);
  if (region && elements(html).querySelector("[data-in-region]")) {
    if (!form.contains(region)) {
      // What stands beside the form is new each time, and keeps nothing of what was typed there.
      region.replaceChildren();
    }
    replaceContent(region, html);
    region.scrollIntoView({ block: "nearest" });
  } else {
    replaceWindow(form, html);
  }
}

/** Show how far a job is until its result is there, or its place is not any longer. */
async function follow(form, html) {
  const place = form.querySelector(":scope > .problems");
  place.replaceChildren(elements(html));
  const result = await resultOf(place);
  if (result) {
    place.replaceChildren();
    await finish(form, result);
  }
}

/** Show how far a job is before a region, whose fields keep what they hold. */
async function followBeside(region, html) {
  const place = document.createElement("div");
  place.append(elements(html));
  region.before(place);
  try {
    return await resultOf(place);
  } finally {
    place.remove();
  }
}

async function resultOf(place) {
  const address = place.querySelector(".job").dataset.job;
  while (place.isConnected) {
    await new Promise((resolve) => setTimeout(resolve, JOB_EVERY_MS));
    const result = await requests.getJob(address);
    if (!result.job) {
      return result;
    }
    place.replaceChildren(elements(result.html));
  }
  return null;
}

whenShown(async (root) => {
  for (const place of root.querySelectorAll(".followed")) {
    try {
      const result = await resultOf(place);
      await finish(place, result);
      if (result.file) {
        place.replaceChildren(place.dataset.saved);
      }
    } catch (error) {
      if (!(error instanceof requests.Refusal)) {
        throw error;
      }
      replaceContent(place, error.html);
    }
  }
});

whenShown((root) => {
  for (const region of root.querySelectorAll("[data-plan-at-once]")) {
    preview(region.closest("form"));
  }
});

/** Send a form; whoever is not signed in any longer does so beside it, and it is sent then. */
export async function send(form, submitter) {
  if (form.hasAttribute("aria-busy")) {
    return;
  }
  forget(form);
  busy(form, true);
  try {
    await waiting.get(form);
    forget(form);
    await finish(form, await requests.post(form.getAttribute("action"), contentOf(form, submitter)));
  } catch (error) {
    if (!(error instanceof requests.Refusal)) {
      throw error;
    }
    if (error.status === 401 && !form.closest("[data-signing-in]") && form.querySelector("[name=csrf]")?.value) {
      openSignIn(() => send(form, submitter));
    } else {
      refuse(form, error.html);
      form.dispatchEvent(new CustomEvent("refused", { bubbles: true, detail: error }));
    }
  } finally {
    busy(form, false);
  }
}

/** Show what would be done with what the form holds now. */
export function preview(form) {
  const region = form.querySelector(form.dataset.region);
  const ask = async () => {
    forget(form);
    try {
      const answer = await requests.post(form.dataset.preview, contentOf(form), "preview");
      const result = answer.job ? await followBeside(region, answer.html) : answer;
      if (result) {
        replaceContent(region, result.html);
      }
    } catch (error) {
      if (!(error instanceof requests.Refusal)) {
        throw error;
      }
      if (error.status === 401) {
        openSignIn(() => preview(form));
      } else {
        refuse(form, error.html);
        if (!region.querySelector(".problem-at-field")) {
          // What it shows is of what the form held before.
          region.replaceChildren();
        }
      }
    }
  };
  const asked = (waiting.get(form) ?? Promise.resolve()).then(ask);
  waiting.set(form, asked.catch(() => {}));
  return asked;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "post") {
    event.preventDefault();
    send(form, event.submitter);
  }
});

document.addEventListener("file-chosen", (event) => {
  const form = event.target.closest("form");
  forget(form);
  if (form.dataset.preview && event.detail.tooLarge) {
    form.querySelector(form.dataset.region).replaceChildren();
  } else if (form.dataset.preview) {
    preview(form);
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-preview]");
  if (form && event.target.matches("[data-plan]")) {
    preview(form);
  }
});

document.addEventListener("click", (event) => {
  const form = event.target.closest?.("[data-submit]:not(ui5-menu-item)");
  if (form) {
    document.getElementById(form.dataset.submit).requestSubmit();
  }
});
