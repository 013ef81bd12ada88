// Windows: dialogs over the page, each with an address of its own. Back closes one; whoever comes by
// the address finds the same form as a page.

import { filesOf, giveFiles } from "./files.js";
import * as messages from "./messages.js";
import { elements, enliven, replaceContent } from "./regions.js";
import * as requests from "./requests.js";

const open = [];
let under = location.href;

function build(html, title) {
  const dialog = document.createElement("ui5-dialog");
  dialog.append(elements(html));
  // What has to be read first would be scrolled away by the first field's focus.
  dialog.initialFocus = dialog.querySelector("[data-first]")?.id;
  dialog.headerText = title ?? dialog.querySelector(".dialog")?.dataset.title ?? "";
  dialog.stretch = matchMedia("(max-width: 600px)").matches;
  dialog.resizable = true;
  dialog.draggable = true;
  document.body.append(dialog);
  enliven(dialog);
  return dialog;
}

function shown(dialog, closed) {
  dialog.addEventListener("close", (event) => {
    if (event.target === dialog) {
      dialog.remove();
      closed();
    }
  });
  dialog.open = true;
}

/**
 * Show what is at an address in a window; files of a form are carried over to its form. With content
 * it is sent there, and the window is what comes back: nobody can come to it by its address.
 */
export async function openWindow(address, { files, content } = {}) {
  let html;
  try {
    html = content
      ? (await requests.post(address, content, "dialog")).html
      : await requests.getPart(address, "dialog");
  } catch (error) {
    if (!(error instanceof requests.Refusal)) {
      throw error;
    }
    if (error.status === 401) {
      openSignIn(() => openWindow(address, { files, content }));
      return;
    }
    html = error.html;
  }
  const place = content ? location.href : address;
  if (open.length === 0) {
    under = location.href;
    history.pushState({ window: place }, "", place);
  } else {
    history.replaceState({ window: place }, "", place);
    open.pop().remove();
  }
  const dialog = build(html);
  open.push(dialog);
  shown(dialog, () => {
    if (open.includes(dialog)) {
      open.splice(open.indexOf(dialog), 1);
      if (dialog.querySelector("[data-done]")) {
        // What is below shows what was before.
        location.replace(under);
      } else {
        history.back();
      }
    }
  });
  const form = dialog.querySelector("form");
  if (files && form) {
    giveFiles(form, files);
  }
}

/** Ask for name and password beside what is being done, and go on with it then. */
export async function openSignIn(then) {
  if (document.querySelector("[data-signing-in]")) {
    return;
  }
  const html = await requests.getPart("/sign-in", "dialog");
  const dialog = build(html);
  dialog.dataset.signingIn = "";
  dialog.signedIn = () => {
    dialog.open = false;
    then();
  };
  shown(dialog, () => {});
}

/** Go on to an address; where that is the page below the window, it keeps its filter. */
export function goOn(address, message) {
  const signingIn = document.querySelector("[data-signing-in]");
  if (signingIn) {
    signingIn.signedIn();
    return;
  }
  messages.keep(message);
  const below = new URL(under);
  const to = new URL(address, location.href);
  location.replace(to.pathname === below.pathname && !to.search ? below : to);
}

/** Show HTML in place of a form: what was done, or the next step. */
export function replaceWindow(form, html) {
  const place = form.closest(".dialog") ?? form.parentElement;
  replaceContent(place, html);
  place.querySelector("ui5-button")?.focus();
}

/** Close a window, or leave a page that is one. */
function close(button) {
  const dialog = button.closest("ui5-dialog");
  if (dialog) {
    dialog.open = false;
  } else {
    location.assign(button.dataset.close);
  }
}

addEventListener("popstate", (event) => {
  const top = open.pop();
  if (top) {
    top.open = false;
    top.remove();
  } else if (event.state?.window) {
    location.reload();
  }
});

/** What an element was pressed for: a window, a page, or the way out. */
export function follow(element) {
  const { open: address, go } = element.dataset;
  if (address) {
    const form = element.closest("form");
    openWindow(address, { files: form && "carry" in element.dataset ? filesOf(form) : undefined });
  } else if (go) {
    location.assign(go);
  } else if ("close" in element.dataset) {
    close(element);
  }
}

document.addEventListener("click", (event) => {
  const element = event.target.closest?.("[data-open], [data-go]:not(ui5-select), [data-close]");
  if (element && element.tagName !== "UI5-MENU-ITEM" && !event.defaultPrevented) {
    event.preventDefault();
    follow(element);
  }
});
