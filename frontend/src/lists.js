// Lists: filtered while somebody types, sorted, a page at a time, with marks and a menu for each row.
//
// The address of the page says which part of the list is shown: it can be kept, and Back leads to
// what was shown before. Typing changes the address in its place, everything else adds to the way.

import * as messages from "./messages.js";
import { elements, enliven, whenShown } from "./regions.js";
import * as requests from "./requests.js";
import { openSignIn, openWindow } from "./windows.js";

const TYPING_MS = 150;
const HIDDEN = "keysteward-hidden-columns";
const list = document.querySelector("[data-list]");
const region = list?.querySelector("[data-list-region]");
let shown = location.href;
let running = new AbortController();
let typing;

/** Show what is at an address of the list; `settle` is told when it is there. */
async function load(address, settle = () => {}) {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  region.setAttribute("aria-busy", "true");
  let html;
  try {
    html = await requests.getPart(address, "list", signal);
  } catch (error) {
    if (signal.aborted) {
      return;
    }
    if (!(error instanceof requests.Refusal)) {
      throw error;
    }
    if (error.status === 401) {
      openSignIn(() => load(address, settle));
      return;
    }
    html = error.html;
  }
  settle();
  shown = location.href;
  show(html);
}

function show(html) {
  const focused = region.contains(document.activeElement) ? document.activeElement : null;
  const key = focused?.dataset.listLink;
  region.replaceChildren(elements(html));
  region.removeAttribute("aria-busy");
  enliven(region);
  if (focused) {
    const again = key && region.querySelector(`[data-list-link="${CSS.escape(key)}"]`);
    (again ?? region.querySelector(".scrolled") ?? region.querySelector("a"))?.focus();
  }
  const count = region.querySelector("[data-list-count]");
  document.getElementById("announcements").textContent = count?.textContent ?? "";
  tellMarks();
}

/** The address of the list with other conditions, from its first page on. */
function addressWith(changes) {
  const address = new URL(location.href);
  address.searchParams.delete("after");
  for (const [name, value] of Object.entries(changes)) {
    if (value) {
      address.searchParams.set(name, value);
    } else {
      address.searchParams.delete(name);
    }
  }
  return address.href;
}

function add(address) {
  return () => history.pushState(null, "", address);
}

/** Have the fields say what the address says. */
function tellConditions() {
  const { searchParams } = new URL(location.href);
  list.querySelector("[data-list-text]").value = searchParams.get("text") ?? "";
  const select = list.querySelector("[data-list-show]");
  if (select) {
    select.value = searchParams.get("show") ?? "";
  }
}

// ---- marks: they stay while the list shows something else

const marked = new Set();

function marks() {
  return [...region.querySelectorAll("input[name=alias]")];
}

function keepMarks() {
  for (const mark of marks()) {
    marked[mark.checked ? "add" : "delete"](mark.value);
  }
  tellMarks();
}

function unmark() {
  marked.clear();
  tellMarks();
}

function tellMarks() {
  const all = marks();
  for (const mark of all) {
    mark.checked = marked.has(mark.value);
  }
  const here = all.filter((mark) => mark.checked).length;
  const output = list.querySelector("[data-list-marked]");
  if (!output) {
    return;
  }
  const { none, one, several } = output.dataset;
  const { size } = marked;
  const text = size === 0 ? none : size === 1 ? one : several.replace("{n}", size);
  if (output.textContent !== text) {
    output.textContent = text;
  }
  for (const button of list.querySelectorAll("[data-list-selected]")) {
    button.disabled = size === 0;
  }
  list.querySelector("[data-list-unmark]").hidden = size === 0;
  const head = region.querySelector("[data-list-all]");
  if (head) {
    head.checked = here > 0 && here === all.length;
    head.indeterminate = here > 0 && here < all.length;
  }
}

/** What is sent about the marked entries. */
function selection() {
  const content = new FormData();
  content.set("csrf", list.querySelector("[name=csrf]").value);
  for (const alias of marked) {
    content.append("alias", alias);
  }
  return content;
}

// ---- columns

function hiddenColumns() {
  const kept = (localStorage.getItem(HIDDEN) ?? "").split(" ");
  const known = [...list.querySelectorAll("[data-column]")].map((box) => box.dataset.column);
  return kept.filter((name) => known.includes(name));
}

function tellColumns() {
  const hidden = hiddenColumns();
  list.dataset.hiddenColumns = hidden.join(" ");
  for (const box of list.querySelectorAll("[data-column]")) {
    box.checked = !hidden.includes(box.dataset.column);
  }
}

function keepColumns() {
  const boxes = [...list.querySelectorAll("[data-column]")];
  const hidden = boxes.filter((box) => !box.checked).map((box) => box.dataset.column);
  localStorage.setItem(HIDDEN, hidden.join(" "));
  tellColumns();
}

// ---- the menu of a row

function openMenu(button) {
  const menu = document.getElementById("row-menu");
  const lines = document.getElementById(button.dataset.rowMenu).content.cloneNode(true);
  for (const line of lines.querySelectorAll("[data-path]")) {
    const kind = "window" in line.dataset ? "open" : "go";
    line.dataset[kind] = `${button.dataset.address}/${line.dataset.path}`;
  }
  menu.replaceChildren(lines);
  menu.headerText = button.accessibleName;
  menu.opener = button;
  menu.open = true;
}

function follow(event) {
  const find = (selector) => event.target.closest?.(selector);
  const link = find("[data-list-link]");
  const rowMenu = find("[data-row-menu]");
  const selected = find("[data-list-selected]");
  const columns = find("[data-list-columns]");
  if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
    event.preventDefault();
    load(link.href, add(link.href));
  } else if (rowMenu) {
    openMenu(rowMenu);
  } else if (selected && !selected.disabled) {
    openWindow(selected.dataset.listSelected, { content: selection() });
  } else if (find("[data-list-unmark]")) {
    unmark();
  } else if (find("[data-list-refresh]")) {
    load(location.href);
  } else if (columns) {
    const settings = document.getElementById(columns.dataset.listColumns);
    settings.opener = columns;
    settings.open = true;
  }
}

function change(event) {
  const { target } = event;
  if (target.matches("[data-list-all]")) {
    for (const mark of marks()) {
      mark.checked = target.checked;
    }
    keepMarks();
  } else if (target.matches("input[name=alias]")) {
    keepMarks();
  } else if (target.matches("[data-column]")) {
    keepColumns();
  } else if (target.matches("[data-list-show]")) {
    const address = addressWith({ show: target.value });
    load(address, add(address));
  }
}

if (list) {
  list.addEventListener("click", follow);
  list.addEventListener("change", change);
  list.addEventListener("input", (event) => {
    if (event.target.matches("[data-list-text]")) {
      clearTimeout(typing);
      typing = setTimeout(() => {
        const address = addressWith({ text: event.target.value.trim() });
        load(address, () => history.replaceState(history.state, "", address));
      }, TYPING_MS);
    }
  });
  addEventListener("popstate", () => {
    const here = location.pathname === new URL(list.dataset.list, location.href).pathname;
    if (here && location.href !== shown) {
      tellConditions();
      load(location.href);
    }
  });
  document.addEventListener("file-saved", (event) => {
    const marker = event.target.querySelector("[data-saved]");
    if (marker) {
      event.target.closest("ui5-dialog").open = false;
      messages.show(marker.dataset.saved);
      unmark();
      load(shown);
    }
  });
  whenShown((root) => {
    if (root === document) {
      tellColumns();
      tellMarks();
    }
  });
}
