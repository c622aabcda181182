// Keeps what is typed. Every change is written to this device at once (device.mjs) and sent to the server soon after.
//
// <form data-autosave-url="…" data-autosave-revision="3">: the server is sent
//   PUT {revision, copy, fields: {name: [values]}} with X-CSRFToken (copy: the id of this open page), and answers
//   200 {revision}                     stored; the device's copy is dropped
//   409 {revision, fields, words?}     somebody (or another tab) stored a newer version: kept beside it, both are offered
//   400 after a new sign-in            a fresh token is fetched, then once more
//   413 {detail}                       too much to keep: said at once, tried again after the next change
//   410 {revision, words?}             the form was finished, cancelled or given away meanwhile: kept beside the visit
//   403 or 404 with a problem body     its user may not send it any more: kept here, to be shown or discarded (leftovers.mjs)
//   anything else, or no answer        kept on the device and tried again
// GET answers {revision, fields, csrf_token, owner}: the version in force, asked for when the page opens, because a save
// of the page before may land after this one was drawn; and the mark of who is signed in now.
// An element with data-autosave-done="<url>" on a later page tells that the form was received (presence.mjs).

import * as device from "./device.mjs";
import { button, text } from "./elements.mjs";
import { drafts, isRefusal, put } from "./sending.mjs";

const PAUSE_MS = 900;
const FIRST_RETRY_MS = 4000;
const LAST_RETRY_MS = 60000;
const NEVER_KEPT = new Set(["csrf_token"]);
const NEVER_KEPT_TYPES = new Set(["password", "file", "submit", "button", "reset", "image"]);

const clock = (moment) =>
  new Date(moment).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/London" });

/** Hidden fields belong to the server; one that a script of ours fills says data-autosave-keep. */
const kept = (element) =>
  element.name &&
  !element.disabled &&
  !NEVER_KEPT.has(element.name) &&
  !NEVER_KEPT_TYPES.has(element.type) &&
  (element.type !== "hidden" || "autosaveKeep" in element.dataset);

/** Reads a form as {name: [values]}; an unticked group is an empty list. */
const read = (form) => {
  const fields = {};
  for (const element of form.elements) {
    if (!kept(element)) {
      continue;
    }
    const values = (fields[element.name] ??= []);
    if (element.type === "checkbox" || element.type === "radio") {
      if (element.checked) {
        values.push(element.value);
      }
    } else if (element instanceof HTMLSelectElement && element.multiple) {
      values.push(...[...element.selectedOptions].map((option) => option.value));
    } else {
      values.push(element.value);
    }
  }
  return fields;
};

/** Puts fields back into a form and tells its components that something changed. */
const write = (form, fields) => {
  const place = {};
  for (const element of form.elements) {
    if (!kept(element) || !(element.name in fields)) {
      continue;
    }
    const values = fields[element.name];
    if (element.type === "checkbox" || element.type === "radio") {
      element.checked = values.includes(element.value);
    } else if (element instanceof HTMLSelectElement && element.multiple) {
      for (const option of element.options) {
        option.selected = values.includes(option.value);
      }
    } else {
      const index = place[element.name] ?? 0;
      place[element.name] = index + 1;
      const value = values[index] ?? "";
      if (element instanceof HTMLSelectElement && value && ![...element.options].some((option) => option.value === value)) {
        element.add(new Option(value, value));
      }
      element.value = value;
    }
    element.dispatchEvent(new Event("change", { bubbles: true }));
  }
};

/** Reads a form as the server drew it, so that what was typed before this script ran is noticed too. */
const readAsDrawn = (form) => {
  const fields = {};
  for (const element of form.elements) {
    if (!kept(element)) {
      continue;
    }
    const values = (fields[element.name] ??= []);
    if (element.type === "checkbox" || element.type === "radio") {
      if (element.defaultChecked) {
        values.push(element.value);
      }
    } else if (element instanceof HTMLSelectElement) {
      const drawn = [...element.options].filter((option) => option.defaultSelected);
      const first = element.multiple || drawn.length > 0 ? [] : [...element.options].slice(0, 1);
      values.push(...[...drawn, ...first].map((option) => option.value));
    } else {
      values.push(element.defaultValue);
    }
  }
  return fields;
};

const same = (one, other) => different(one, other).length === 0;

/** What a question was answered with: an empty box says as little as a box that the page does not draw. */
const said = (values = []) => JSON.stringify(values.some((value) => value !== "") ? values : []);

const different = (one, other) =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => said(one[name]) !== said(other[name]));

class Draft {
  constructor(form) {
    this.form = form;
    this.url = form.dataset.autosaveUrl;
    this.revision = Number(form.dataset.autosaveRevision) || 0;
    this.id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    this.name = device.nameOf(this.url, this.id);
    this.status = form.querySelector("[data-autosave-status]");
    this.retry = FIRST_RETRY_MS;
    this.timer = null;
    this.sending = null;
    this.dirty = false;
    this.onDevice = false;
    this.offering = false;
    this.quiet = false;
    this.renewed = false;
    this.heldBack = false;
    this.stored = readAsDrawn(form);
  }

  async begin() {
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("change", () => this.changed());
    this.form.addEventListener("submit", (event) => this.submitting(event));
    window.addEventListener("online", () => this.dirty && this.send());
    window.addEventListener("pagehide", () => this.dirty && this.keep());
    document.addEventListener("visibilitychange", () => document.hidden && this.dirty && this.send());
    device.hold(this.name);
    this.mark();
    await this.restore();
    if (!this.offering && !this.dirty && !same(read(this.form), this.stored)) {
      this.changed();
    }
    await this.catchUp();
  }

  say(words) {
    if (this.status && this.status.textContent !== words) {
      this.status.textContent = words;
    }
  }

  changed() {
    if (this.quiet) {
      return;
    }
    this.dirty = true;
    this.keep();
    this.soon();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), PAUSE_MS);
  }

  /** Writes the copy on this device. */
  async keep() {
    this.onDevice = await device.keep(this.name, { revision: this.revision, fields: read(this.form), at: Date.now() });
  }

  /** Says to press the button again for as long as it has to be: saves that fail in between must not say less. */
  unsentWords() {
    const words = this.onDevice
      ? "Saved on this device, not sent yet"
      : "Not saved: this device cannot keep it and it could not be sent. Do not close this page";
    return this.heldBack ? `${words}. There is no connection: press the button again when it is back.` : words;
  }

  /** Before signing out: what is on the screen is kept on this device, and sent from there; or else sent at once. */
  async settle() {
    await this.sending;
    if (!this.dirty) {
      return;
    }
    await this.keep();
    if (this.onDevice) {
      this.later();
    } else {
      await this.send();
    }
  }

  isOnlyOnThisPage() {
    return this.dirty && !this.onDevice;
  }

  /** The server has it all. */
  stop() {
    clearTimeout(this.timer);
    this.dirty = false;
  }

  /** Sends what is on the screen; one message at a time. */
  send() {
    clearTimeout(this.timer);
    if (!this.offering) {
      this.sending ??= this.deliver().finally(() => {
        this.sending = null;
      });
    }
    return this.sending;
  }

  async deliver() {
    this.dirty = false;
    const fields = read(this.form);
    try {
      const answer = await put(this.url, { revision: this.revision, copy: this.id, fields }, this.form);
      if (answer.status === 409) {
        this.offerServer(await answer.json());
        if (!this.offering) {
          this.soon();
        }
        return;
      }
      if (answer.status === 410) {
        const { words } = await answer.json().catch(() => ({}));
        this.say(words || "This form was already finished. What you typed since is kept beside it.");
        if (!this.dirty) {
          device.drop(this.name);
        }
        return;
      }
      if (isRefusal(answer)) {
        this.dirty = true;
        this.say("You may no longer record this visit. What you typed stays on this device: show it to your coordinator.");
        return;
      }
      if (answer.status === 413) {
        const { detail } = await answer.json().catch(() => ({}));
        this.say(detail || "This form holds more than can be kept. Make the notes shorter.");
        return;
      }
      if (answer.status === 400 && !this.renewed) {
        this.renewed = true;
        if (await this.renewToken()) {
          this.dirty = true;
          this.soon();
          return;
        }
      }
      if (answer.status === 401 || answer.redirected) {
        this.dirty = true;
        this.say("Saved on this device. Sign in again in another tab, then carry on here.");
        this.later();
        return;
      }
      if (!answer.ok) {
        throw new Error(`status ${answer.status}`);
      }
      this.revision = Number((await answer.json()).revision);
      this.renewed = false;
      this.heldBack = false;
      this.mark();
      this.stored = fields;
      this.retry = FIRST_RETRY_MS;
      if (!this.dirty) {
        device.drop(this.name);
        this.say(`Saved at ${clock(Date.now())}`);
      }
    } catch {
      this.dirty = true;
      this.say(this.unsentWords());
      this.later();
    }
    if (this.dirty && this.retry === FIRST_RETRY_MS) {
      this.soon();
    }
  }

  /** Tells the form's own submit which page and revision it comes from, so that it never clashes with its own saves. */
  mark() {
    for (const [name, value] of [["revision", this.revision], ["copy", this.id]]) {
      const element = this.form.elements.namedItem(name);
      if (element?.type === "hidden") {
        element.value = value;
      }
    }
  }

  /** What the server holds of this form; nothing when it cannot be asked. */
  async ask() {
    const answer = await fetch(this.url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    return answer.ok && !answer.redirected ? answer.json() : {};
  }

  /** Signing in again makes a new token: fetches it for every form of the page. False when somebody else signed in. */
  async renewToken() {
    const { csrf_token: token, owner } = await this.ask();
    if (!token || owner !== device.owner) {
      return false;
    }
    for (const element of this.form.getRootNode().querySelectorAll('input[name="csrf_token"]')) {
      element.value = token;
    }
    return true;
  }

  /** Puts on the screen what was saved after the page was drawn. Once somebody types, the next save tells instead. */
  async catchUp() {
    const busy = () => this.dirty || this.offering || this.sending;
    if (busy()) {
      return;
    }
    const { revision, fields } = await this.ask().catch(() => ({}));
    if (!fields || !(revision > this.revision) || busy()) {
      return;
    }
    const empty = Object.fromEntries(Object.keys(read(this.form)).map((name) => [name, []]));
    this.put({ ...empty, ...fields });
    this.revision = Number(revision);
    this.mark();
    this.stored = read(this.form);
    this.say("Brought up to date: this is what was saved last");
  }

  later() {
    clearTimeout(this.timer);
    this.renewed = false; // by then its user may be back, with a new token
    this.timer = setTimeout(() => this.send(), this.retry);
    this.retry = Math.min(this.retry * 2, LAST_RETRY_MS);
  }

  submitting(event) {
    if (this.offering) {
      event.preventDefault();
      this.panel.querySelector("button").focus();
      return;
    }
    this.keep();
    device.submit(this.name);
    if (navigator.onLine === false) {
      event.preventDefault();
      this.dirty = true;
      this.heldBack = true;
      this.say(this.unsentWords());
      this.status?.scrollIntoView({ block: "center" });
    }
  }

  /** Looks for copies that were never sent: after a reload, a crash, or an evening without signal. */
  async restore() {
    const held = await device.held();
    if ([...held].some((name) => name !== this.name && name.startsWith(device.nameOf(this.url, "")))) {
      this.say("This form is also open in another tab. Type in one of them only.");
    }
    const waiting = await this.copiesLeft(held);
    if (waiting.length === 0) {
      return;
    }
    const [newest] = waiting;
    if (newest.revision === this.revision && waiting.length === 1) {
      this.put(newest.fields);
      await this.keep();
      device.drop(newest.name);
      this.say(`Brought back what you typed at ${clock(newest.at)}. Not sent yet`);
      this.dirty = true;
      this.soon();
      return;
    }
    this.offer({
      title: "This device holds an unsent version",
      words: `It was typed at ${clock(newest.at)}. The version on this screen was saved since.`,
      fields: newest.fields,
      take: "Use the unsent version",
      leave: "Keep what is on this screen",
      done: () => device.drop(newest.name),
    });
  }

  /** Copies of this form that no open page uses, newest first. One that says nothing new is dropped. */
  async copiesLeft(held) {
    const found = [];
    for (const name of device.names(this.url).filter((one) => one !== this.name && !held.has(one))) {
      const copy = await device.read(name);
      if (copy && same({ ...this.stored, ...copy.fields }, this.stored)) {
        device.drop(name);
      } else if (copy) {
        found.push({ name, ...copy });
      }
    }
    return found.sort((one, other) => other.at - one.at);
  }

  put(fields) {
    this.quiet = true;
    write(this.form, fields);
    this.quiet = false;
  }

  offerServer({ revision, fields, words }) {
    const mine = read(this.form);
    if (!fields || same({ ...mine, ...fields }, mine)) {
      this.revision = Number(revision);
      this.dirty = true; // to be sent again, from the newer revision
      return;
    }
    this.keep();
    this.offer({
      title: "This form was changed somewhere else",
      words: words || "Another tab or another person saved a newer version while you were typing.",
      fields,
      take: "Use the other version",
      leave: "Keep what is on this screen",
      done: () => {
        this.revision = Number(revision);
        this.mark();
      },
    });
  }

  /** Shows both versions side by side; whichever is not chosen can be brought back until the page is left. */
  offer({ title, words, fields, take, leave, done }) {
    this.offering = true;
    const mine = read(this.form);
    const names = different({ ...mine, ...fields }, mine);
    const panel = document.createElement("section");
    panel.className = "app-versions";
    panel.setAttribute("aria-label", title);
    panel.tabIndex = -1;
    const choose = (chosen, other) => {
      this.put(chosen);
      this.offering = false;
      done();
      this.undo(panel, other);
      this.changed();
    };
    panel.append(
      text("h2", title, "govuk-heading-m"),
      text("p", words, "govuk-body"),
      this.comparison(names, mine, fields),
      button(leave, "", () => choose(mine, { ...mine, ...fields })),
      button(take, "govuk-button--secondary", () => choose({ ...mine, ...fields }, mine)),
    );
    this.panel?.remove();
    this.panel = panel;
    this.form.prepend(panel);
    panel.focus();
    this.say("Two versions: choose one above");
  }

  comparison(names, mine, other) {
    const table = document.createElement("table");
    table.className = "govuk-table";
    const head = table.createTHead().insertRow();
    for (const words of ["Question", "On this screen", "Other version"]) {
      const cell = text("th", words, "govuk-table__header");
      cell.scope = "col";
      head.append(cell);
    }
    const body = table.createTBody();
    for (const name of names) {
      const row = body.insertRow();
      const question = text("th", this.question(name), "govuk-table__header");
      question.scope = "row";
      row.append(
        question,
        text("td", this.answer(name, mine[name]), "govuk-table__cell"),
        text("td", this.answer(name, other[name]), "govuk-table__cell"),
      );
    }
    return table;
  }

  elements(name) {
    return [...this.form.elements].filter((element) => element.name === name);
  }

  question(name) {
    const [element] = this.elements(name);
    const legend = element?.closest("fieldset")?.querySelector("legend");
    return (legend ?? element?.labels?.[0])?.textContent.trim() || name;
  }

  answer(name, values = []) {
    const labels = values.map((value) => {
      const choice = this.elements(name).find((element) => element.value === value && /^(radio|checkbox)$/.test(element.type));
      return choice?.labels?.[0]?.textContent.trim() ?? value;
    });
    return labels.filter(Boolean).join(", ") || "–";
  }

  undo(panel, other) {
    panel.replaceChildren(
      text("p", "Your choice is on the screen.", "govuk-body"),
      button("Bring back the other version", "govuk-button--secondary", () => {
        const now = read(this.form);
        this.put(other);
        this.undo(panel, now);
        this.changed();
      }),
    );
  }
}

for (const form of document.querySelectorAll("form[data-autosave-url]")) {
  const draft = new Draft(form);
  drafts.add(draft);
  draft.begin();
}
