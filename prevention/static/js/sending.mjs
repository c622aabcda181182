// Sends what was typed: from the page it was typed on (autosave.mjs), and what a device still keeps from earlier pages.

import * as device from "./device.mjs";

const LONGEST_MS = 20000;

/** Forms of this page that are kept as they are typed. */
export const drafts = new Set();

/** Puts {revision, copy, fields} to a form's address with the token found ``within``; answers: autosave.mjs. */
export const put = (url, body, within = document) =>
  fetch(url, {
    method: "PUT",
    headers: {
      Accept: "application/json",
      "Content-Type": "application/json",
      "X-CSRFToken": within.querySelector('input[name="csrf_token"]')?.value ?? "",
    },
    body: JSON.stringify(body),
    credentials: "same-origin",
    signal: AbortSignal.timeout?.(LONGEST_MS),
  });

/** Sends one copy. True when the server has it, in use or beside what is; a copy nobody can open is no loss. */
const sendCopy = async (name) => {
  const before = localStorage.getItem(name);
  const copy = await device.read(name);
  if (!copy) {
    return true;
  }
  const { url, page } = device.partsOf(name);
  try {
    const answer = await put(url, { revision: copy.revision, copy: page, fields: copy.fields });
    const { revision } = await answer.json();
    // The revision shows that it was our server that answered, and not a page of some network on the way.
    if (![200, 409, 410].includes(answer.status) || !Number.isInteger(revision)) {
      return false;
    }
  } catch {
    return false;
  }
  device.drop(name, before);
  return true;
};

/** Sends copies one after another; how many the server does not have. */
export const sendCopies = async (names) => {
  let left = 0;
  for (const name of names) {
    left += (await sendCopy(name)) ? 0 : 1;
  }
  return left;
};
