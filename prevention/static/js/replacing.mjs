// Forms marked data-replaced-by: the page they lead to takes the place of this one, which is itself the answer to a form,
// so that going back does not ask to send that form again. Without a connection the page stays as it is and says so.

import { text } from "./elements.mjs";

const LONGEST_MS = 30000;

/** Sends the form. The address it leads to, where that is of the kind expected; else null. */
const send = async (form) => {
  const answer = await fetch(form.action, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    credentials: "same-origin",
    signal: AbortSignal.timeout?.(LONGEST_MS),
  });
  const leadsTo = new URL(answer.url).pathname;
  return answer.ok && new RegExp(form.dataset.replacedBy).test(leadsTo) ? answer.url : null;
};

for (const form of document.querySelectorAll("form[data-replaced-by]")) {
  const status = text("p", "", "govuk-body govuk-!-font-weight-bold");
  status.setAttribute("role", "status");
  form.append(status);
  let busy = false;
  form.addEventListener("submit", async (event) => {
    if (event.submitter?.name) {
      return; // another button, which leads elsewhere
    }
    event.preventDefault();
    if (busy) {
      return;
    }
    busy = true;
    status.textContent = "Sending…";
    try {
      const leadsTo = await send(form);
      if (leadsTo) {
        location.replace(leadsTo);
      } else {
        form.submit(); // whatever the server has to say instead, as without this script
      }
    } catch {
      busy = false;
      status.textContent = "Not sent yet: there is no connection. Nothing is lost. Try again.";
    }
  });
}
