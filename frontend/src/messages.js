// Short messages: shown at once, or on the page that comes next.

const KEPT = "keysteward-message";

/** Show a message for some seconds, and tell it to screen readers. */
export function show(text) {
  const toast = document.createElement("ui5-toast");
  toast.textContent = text;
  toast.duration = 5000;
  document.body.append(toast);
  toast.addEventListener("close", () => toast.remove());
  toast.open = true;
  document.getElementById("announcements").textContent = text;
}

/** Keep a message for the next page; it says what was done, and holds no secret. */
export function keep(text) {
  if (text) {
    sessionStorage.setItem(KEPT, text);
  }
}

/** Show what the page before kept. */
export function showKept() {
  const text = sessionStorage.getItem(KEPT);
  if (text) {
    sessionStorage.removeItem(KEPT);
    show(text);
  }
}
