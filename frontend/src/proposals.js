// What a file proposes for a field is put into it, until somebody has typed something there.

import { whenShown } from "./regions.js";

whenShown((root) => {
  for (const proposing of root.querySelectorAll("[data-proposes]")) {
    const { proposes, proposal } = proposing.dataset;
    const field = proposing.closest("form").querySelector(`[name="${CSS.escape(proposes)}"]`);
    if (!field.value || field.value === field.dataset.proposed) {
      field.value = proposal;
      field.dataset.proposed = proposal;
    }
  }
});
