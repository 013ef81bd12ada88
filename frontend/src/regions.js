// Regions: pieces of a page that are replaced, and what is done with each piece that comes in.

const TICK = "ui5-checkbox, input[type=checkbox]";
const livening = [];

/** Have something done with every piece of HTML that is shown: now and later. */
export function whenShown(work) {
  livening.push(work);
}

/** Do with a piece of the page what modules asked for. */
export function enliven(root) {
  for (const work of livening) {
    work(root);
  }
}

/** The HTML of an answer as elements. It comes from our own templates, which escape. */
export function elements(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

/** Replace what is in a region; what was typed or ticked in it stays if its field is there again. */
export function replaceContent(region, html) {
  const typed = new Map();
  for (const field of region.querySelectorAll("[name]:not([type=hidden])")) {
    typed.set(`${field.getAttribute("name")}=${field.matches(TICK) ? field.value : ""}`, field);
  }
  const active = region.contains(document.activeElement) ? document.activeElement : null;
  region.replaceChildren(elements(html));
  for (const field of region.querySelectorAll("[name]:not([type=hidden])")) {
    const tick = field.matches(TICK);
    const before = typed.get(`${field.getAttribute("name")}=${tick ? field.getAttribute("value") : ""}`);
    if (before && tick) {
      field.checked = before.checked;
    } else if (before && before.value) {
      field.value = before.value;
    }
    if (before && before === active) {
      field.focus();
    }
  }
  enliven(region);
}
