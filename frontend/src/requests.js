// Requests in the background: for a part of a page, or with a form.

const PART = "Keysteward-Part";

/** Refusals of the server, as the HTML that says what it is about. */
export class Refusal extends Error {
  constructor(status, html) {
    super(`status ${status}`);
    this.status = status;
    this.html = html;
  }
}

/** Ask the server. Who cannot reach it is refused too, with what the page keeps for that. */
async function ask(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    if (options.signal?.aborted) {
      throw error;
    }
    const kept = document.getElementById("unreachable").content;
    const shown = options.headers[PART] === "dialog" ? ".dialog" : ".problem";
    throw new Refusal(0, kept.querySelector(shown).outerHTML);
  }
}

/** Ask for a part of what is at an address; gives its HTML. */
export async function getPart(address, part, signal) {
  const response = await ask(address, { headers: { [PART]: part }, signal });
  return textOf(response);
}

/**
 * Send a form. Gives {html}, {address, message} to go on to, {file} with {name}, or {html, job: true}
 * for work that goes on.
 */
export async function post(address, form, part = "form") {
  const response = await ask(address, { method: "POST", headers: { [PART]: part }, body: form });
  return outcome(response);
}

/** Ask how far a job is; gives what `post` does. */
export async function getJob(address) {
  return outcome(await ask(address, { headers: { [PART]: "form" } }));
}

async function outcome(response) {
  const name = fileName(response);
  if (response.ok && name !== null) {
    return { file: await response.blob(), name };
  }
  if (response.ok && response.headers.get("Content-Type")?.startsWith("application/json")) {
    return response.json();
  }
  return { html: await textOf(response), job: response.status === 202 };
}

async function textOf(response) {
  const html = await response.text();
  if (!response.ok) {
    throw new Refusal(response.status, html);
  }
  return html;
}

/** The name in a Content-Disposition (RFC 6266); null if there is no file. */
function fileName(response) {
  const header = response.headers.get("Content-Disposition");
  if (header === null) {
    return null;
  }
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(header);
  if (extended) {
    return decodeURIComponent(extended[1]);
  }
  return /filename="?([^";]+)"?/i.exec(header)?.[1] ?? "download";
}

/** Give a file to the person as a download. */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
