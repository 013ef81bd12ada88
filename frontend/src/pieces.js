// Small pieces: menus, selects that lead somewhere, times in the person's own zone, copying.

import * as messages from "./messages.js";
import { whenShown } from "./regions.js";
import { follow } from "./windows.js";

const language = document.documentElement.lang;
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });

whenShown((root) => {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const value = new Date(time.dateTime);
    time.title = time.title || time.textContent;
    time.textContent = ("day" in time.dataset ? day : moment).format(value);
  }
  for (const field of root.querySelectorAll("input[data-here]")) {
    field.value = document.querySelector("ui5-dialog") ? "/" : location.pathname + location.search;
  }
});

document.addEventListener("click", async (event) => {
  const opener = event.target.closest?.("[data-menu]");
  if (opener) {
    const menu = document.getElementById(opener.dataset.menu);
    menu.opener = opener;
    menu.open = !menu.open;
  }
  const copier = event.target.closest?.("[data-copy]");
  if (copier) {
    await navigator.clipboard.writeText(copier.dataset.copy);
    messages.show(copier.dataset.copied);
  }
});

// Captured, because the event of a menu does not bubble.
document.addEventListener(
  "item-click",
  (event) => {
    const item = event.detail.item;
    if (event.target.tagName === "UI5-MENU" && item.dataset.submit) {
      document.getElementById(item.dataset.submit).requestSubmit();
    } else if (event.target.tagName === "UI5-MENU") {
      follow(item);
    }
  },
  true,
);

document.addEventListener("change", (event) => {
  if (event.target.matches?.("ui5-select[data-go]")) {
    location.assign(event.detail.selectedOption.value);
  }
});
