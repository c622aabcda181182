// Copies of forms that this device keeps until the server has them. They are locked with a key that is given only to
// pages of the user who typed them, <meta name="device-key" content="owner.key">, and is not kept on the device: to
// anybody else they are noise. Where a browser cannot lock (no secure context) nothing is kept.

const PREFIX = "prevention:draft:";
const SUBMITTED = "prevention:submitted";
const SALT_BYTES = 12;

const [ownMark = "", secret = ""] = document.querySelector('meta[name="device-key"]')?.content.split(".") ?? [];

/** The mark on this user's copies; empty when nobody is signed in. */
export const owner = ownMark;

const bytesOf = (words) => Uint8Array.from(atob(words), (character) => character.charCodeAt(0));
const wordsOf = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

let imported = null;
const key = () => (imported ??= crypto.subtle.importKey("raw", bytesOf(secret), "AES-GCM", false, ["encrypt", "decrypt"]));

/** A copy opens only under its own name: moved to another form it is noise. */
const lock = (name, salt) => ({ name: "AES-GCM", iv: salt, additionalData: new TextEncoder().encode(name) });

/** The name of a copy: whose, of which form, from which open page. */
export const nameOf = (url, page) => `${PREFIX}${owner}:${url}|${page}`;

/** The form and the open page that a name tells. */
export const partsOf = (name) => {
  const [url, page] = name.slice(`${PREFIX}${owner}:`.length).split("|");
  return { url, page };
};

/** The names of this user's copies, of one form or of all. */
export const names = (url = "") => {
  const start = `${PREFIX}${owner}:${url}${url && "|"}`;
  return owner ? Object.keys(localStorage).filter((name) => name.startsWith(start)) : [];
};

/** Of two writings of a copy, or a writing and a dropping, the later one counts, however long locking took. */
const turns = new Map();
const nextTurn = (name) => {
  turns.set(name, (turns.get(name) ?? 0) + 1);
  return turns.get(name);
};

/** Keeps a copy. False when this device cannot. */
export const keep = async (name, copy) => {
  const turn = nextTurn(name);
  try {
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    const plain = new TextEncoder().encode(JSON.stringify(copy));
    const locked = new Uint8Array(await crypto.subtle.encrypt(lock(name, salt), await key(), plain));
    if (turns.get(name) === turn) {
      localStorage.setItem(name, JSON.stringify([wordsOf(salt), wordsOf(locked)]));
    }
    return true;
  } catch {
    return false;
  }
};

/** A copy, or null when there is none that this user can open. */
export const read = async (name) => {
  try {
    const [salt, locked] = JSON.parse(localStorage.getItem(name)).map(bytesOf);
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(lock(name, salt), await key(), locked)));
  } catch {
    return null;
  }
};

/** Drops a copy. With ``unless``: not when it was written again meanwhile, so that it holds something else. */
export const drop = (name, unless = localStorage.getItem(name)) => {
  if (localStorage.getItem(name) === unless) {
    nextTurn(name);
    localStorage.removeItem(name);
  }
};

/** Remembers, within this tab, the copy whose form is being sent by its own button. */
export const submit = (name) => sessionStorage.setItem(SUBMITTED, name);

/** The form at ``url`` was received for good: the copy it was sent from is needed no more. */
export const received = (url) => {
  const name = sessionStorage.getItem(SUBMITTED);
  if (names(url).includes(name)) {
    drop(name);
  }
  sessionStorage.removeItem(SUBMITTED);
};

/** Tells other pages that this copy is in use, for as long as this page lives. */
export const hold = (name) => {
  navigator.locks?.request(name, () => new Promise(() => {}));
};

/** The names of copies in use by an open page. */
export const held = async () => {
  const state = await navigator.locks?.query();
  return new Set((state?.held ?? []).map((one) => one.name));
};
