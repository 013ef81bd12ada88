// What comes back about a file is told to screen readers in one sentence.

import { whenShown } from "./regions.js";

whenShown((root) => {
  for (const told of root.querySelectorAll("[data-announce]")) {
    document.getElementById("announcements").textContent = told.dataset.announce;
  }
});
