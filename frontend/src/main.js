// Starts the page: components first, then what makes forms, windows and lists lively.

import "./assets.js";
import "./components.js";
import "./connectivity.js";
import "./details.js";
import "./entry_forms.js";
import "./files.js";
import "./forms.js";
import "./lists.js";
import "./moments.js";
import "./pieces.js";
import "./plans.js";
import "./proposals.js";
import "./windows.js";
import { showKept } from "./messages.js";
import { enliven } from "./regions.js";

enliven(document);
showKept();
