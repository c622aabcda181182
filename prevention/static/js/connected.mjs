// <form data-connection-url="…">: what is typed lives on this page only, and a browser that finds no connection puts its own
// page in its place. So the server is asked for first; while it does not answer, the page stays as it is and says so.

import { text } from "./elements.mjs";

const LONGEST_MS = 8000;

/** Whether the server can be reached; whatever it answers, it was. */
const reachable = async (url) => {
  try {
    await fetch(url, { cache: "no-store", signal: AbortSignal.timeout?.(LONGEST_MS) });
    return true;
  } catch {
    return false;
  }
};

for (const form of document.querySelectorAll("form[data-connection-url]")) {
  const status = text("p", "", "govuk-body govuk-!-font-weight-bold");
  status.setAttribute("role", "status");
  form.append(status);
  let busy = false;
  let connected = false;
  form.addEventListener("submit", async (event) => {
    if (connected || event.defaultPrevented) {
      return;
    }
    event.preventDefault();
    if (busy) {
      return;
    }
    busy = true;
    status.textContent = "Sending…";
    connected = await reachable(form.dataset.connectionUrl);
    busy = false;
    status.textContent = connected ? "" : "Not sent yet: there is no connection. Nothing is lost. Try again.";
    if (connected) {
      form.requestSubmit(event.submitter);
      connected = false;
    }
  });
}
