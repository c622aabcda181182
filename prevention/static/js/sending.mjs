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

/** Whether our server answered that this user may not send this form any more, and never will. */
export const isRefusal = (answer) =>
  [403, 404].includes(answer.status) && (answer.headers.get("Content-Type") ?? "").includes("problem+json");

/** Sends one copy. The server has it, in use or beside what is; or it waits; or it is refused for good. */
const sendCopy = async (name) => {
  const before = localStorage.getItem(name);
  const copy = await device.read(name);
  if (!copy) {
    return {}; // nobody can open it: no loss
  }
  const { url, page } = device.partsOf(name);
  try {
    const answer = await put(url, { revision: copy.revision, copy: page, fields: copy.fields });
    if (isRefusal(answer)) {
      return { refused: name };
    }
    const { revision, words } = await answer.json();
    // The revision shows that it was our server that answered, and not a page of some network on the way.
    if (![200, 409, 410].includes(answer.status) || !Number.isInteger(revision)) {
      return { waits: true };
    }
    device.drop(name, before);
    return answer.status === 410 ? { words } : {};
  } catch {
    return { waits: true };
  }
};

/** Sends copies one after another: how many wait, the names of those refused, what was said of those too late. */
export const sendCopies = async (names) => {
  const done = { waiting: 0, refused: [], words: [] };
  for (const name of names) {
    const { waits, refused, words } = await sendCopy(name);
    done.waiting += waits ? 1 : 0;
    done.refused.push(...(refused ? [refused] : []));
    done.words.push(...(words ? [words] : []));
  }
  return done;
};
