// Starts the behaviour of every component found on the page. Each part works on its own: one that fails leaves the others.

const start = async (name, load) => {
  try {
    await load();
  } catch (error) {
    console.warn(`Prevention: ${name} did not start`, error);
  }
};

const has = (selector) => document.querySelector(selector) !== null;

start("page components", async () => (await import("../vendor/govuk-frontend/govuk-frontend.min.js")).initAll());

if (has('[data-module^="moj-"]')) {
  start("casework components", async () => (await import("../vendor/moj-frontend/moj-frontend.min.js")).initAll());
}
if (has("[data-poll-url][data-poll-seconds]")) {
  start("alerts", async () => (await import("./alerts.mjs")).start());
}
if (has("form[data-autosave-url]")) {
  start("autosave", async () => (await import("./autosave.mjs")).start());
}
if (has("[data-progress-url]")) {
  start("progress", async () => (await import("./progress.mjs")).start());
}
if (has("[data-lookup-url]")) {
  start("address look-up", async () => (await import("./address.mjs")).start());
}
if (has("[data-suggest-url]")) {
  start("suggestions", async () => (await import("./suggest.mjs")).start());
}
if (has("details[data-filter], [data-submit-on-change], [data-selected-count]")) {
  start("filter", async () => (await import("./filter.mjs")).start());
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}

for (const button of document.querySelectorAll("[data-needs-script]")) {
  button.hidden = false;
}
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  });
}

const received = document.querySelector("[data-autosave-done]");
if (received) {
  start("autosave", async () => (await import("./autosave.mjs")).forget(received.dataset.autosaveDone));
}
