// The page of an entry: the chain's tree shows the attributes of what is selected, and forms that ask
// for something show it in a window.

import { getPart, Refusal } from "./requests.js";
import { replaceContent } from "./regions.js";
import { openWindow } from "./windows.js";

let asking = new AbortController();

/** Show the attributes of a certificate; its address becomes the page's. */
async function select(tree, address) {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  try {
    const html = await getPart(address, "element", signal);
    replaceContent(document.querySelector(tree.dataset.chain), html);
    history.replaceState(history.state, "", address);
  } catch (error) {
    if (error instanceof Refusal) {
      location.assign(address);
    } else if (!signal.aborted) {
      throw error;
    }
  }
}

document.addEventListener("selection-change", (event) => {
  const tree = event.target.closest?.("ui5-tree[data-chain]");
  const item = event.detail.selectedItems?.[0];
  if (tree && item) {
    select(tree, item.dataset.address);
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("window" in form.dataset) {
    event.preventDefault();
    openWindow(`${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`);
  }
});
