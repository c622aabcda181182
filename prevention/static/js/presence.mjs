// Whose page this is. What was typed and not sent goes to the server when its user is back, and before they sign out. A
// page left open shows what it holds only while its own user is signed in on this device: otherwise it is put out of
// sight, and comes back with them.

import * as device from "./device.mjs";
import { button, text } from "./elements.mjs";
import { offerRefused, tellKept } from "./leftovers.mjs";
import { drafts, sendCopies } from "./sending.mjs";

/** Where pages tell each other who is signed in on this device: a mark, or nothing. */
const WHO = "prevention:user";

const tell = () => {
  if (localStorage.getItem(WHO) !== device.owner) {
    localStorage.setItem(WHO, device.owner);
  }
};

/** Copies of pages that are gone. Those of a form on this page are the form's own business. */
const sendLeftBehind = async () => {
  const here = [...document.querySelectorAll("form[data-autosave-url]")].map((form) => form.dataset.autosaveUrl);
  const held = await device.held();
  const left = device.names().filter((name) => !held.has(name) && !here.includes(device.partsOf(name).url));
  const { refused, words } = await sendCopies(left);
  tellKept(words);
  refused.forEach(offerRefused);
};

// Out of sight

let page = null;
let title = "";

const cover = () => {
  if (page) {
    return;
  }
  page = document.createDocumentFragment();
  title = document.title;
  const notice = document.createElement("main");
  notice.className = "govuk-width-container govuk-main-wrapper";
  notice.tabIndex = -1;
  const link = text("a", "Sign in", "govuk-link");
  link.href = "/sign-in";
  const way = text("p", "", "govuk-body");
  way.append(link);
  notice.append(
    text("h1", "You are signed out", "govuk-heading-l"),
    text("p", "What was on this page is out of sight. It comes back when you sign in again in another tab.", "govuk-body"),
    way,
  );
  page.append(...document.body.childNodes);
  document.body.append(notice);
  document.title = "Signed out – Prevention";
  notice.focus();
};

const uncover = () => {
  if (page) {
    document.body.replaceChildren(page);
    document.title = title;
    page = null;
  }
};

const look = () => (localStorage.getItem(WHO) === device.owner ? uncover() : cover());

// Signing out

const warn = (form, left) => {
  document.getElementById("unsent")?.remove();
  const panel = document.createElement("section");
  panel.id = "unsent";
  panel.className = "app-versions";
  panel.tabIndex = -1;
  panel.setAttribute("aria-labelledby", "unsent-title");
  const heading = text("h2", "Not everything you typed has been sent", "govuk-heading-m");
  heading.id = "unsent-title";
  const forms = left === 1 ? "One form has" : `${left} forms have`;
  panel.append(
    heading,
    text("p", `${forms} not reached the server. Check the connection and sign out again.`, "govuk-body"),
    text(
      "p",
      "If you sign out now it stays locked on this device. Nobody else can open it, and it is sent when you sign in here again.",
      "govuk-body",
    ),
    button("Stay signed in", "", () => panel.remove()),
    button("Sign out and keep it locked", "govuk-button--secondary", () => form.submit()),
  );
  document.querySelector("main").prepend(panel);
  panel.scrollIntoView({ block: "center" });
  panel.focus();
};

const sendBeforeSigningOut = (form) => {
  const pressed = form.querySelector("button");
  const usual = pressed.textContent;
  let busy = false;
  form.addEventListener("submit", async (event) => {
    if (drafts.size === 0 && device.names().length === 0) {
      return;
    }
    event.preventDefault();
    if (busy) {
      return;
    }
    busy = true;
    pressed.textContent = "Sending…";
    await Promise.all([...drafts].map((draft) => draft.settle()));
    const { waiting, refused } = await sendCopies(device.names());
    refused.forEach(offerRefused);
    const left = waiting + refused.length;
    const onlyHere = [...drafts].filter((draft) => draft.isOnlyOnThisPage()).length;
    pressed.textContent = usual;
    busy = false;
    if (left + onlyHere > 0) {
      warn(form, left + onlyHere);
    } else {
      drafts.forEach((draft) => draft.stop());
      form.submit();
    }
  });
};

if (device.owner || document.querySelector("[data-signed-out]")) {
  tell();
}
if (device.owner) {
  window.addEventListener("storage", look);
  window.addEventListener("pageshow", ({ persisted }) => persisted && look());
  document.querySelectorAll("form[data-sign-out]").forEach(sendBeforeSigningOut);
  for (const form of document.querySelectorAll("[data-autosave-done]")) {
    device.received(form.dataset.autosaveDone);
  }
  sendLeftBehind();
}
