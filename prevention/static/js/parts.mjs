// The parts of the visit form: "Save and continue" folds this one and opens the next where the officer stands, without
// waiting for the network; autosave keeps what was typed. Without a script the button sends the form, as it says.

const answered = (part) => {
  const fields = [...part.querySelectorAll("input, select, textarea")];
  const given = fields.filter((field) => (["checkbox", "radio"].includes(field.type) ? field.checked : field.value));
  return new Set(given.map((field) => field.name)).size;
};

const count = (part) => {
  const summary = part.querySelector("summary");
  const words = summary.querySelector(".app-section__count") ?? document.createElement("span");
  const answers = answered(part);
  words.className = "app-section__count";
  words.textContent = answers ? `${answers} answer${answers === 1 ? "" : "s"}` : "";
  summary.append(words);
};

for (const part of document.querySelectorAll("[data-autosave-url] details[id^=part-]")) {
  const button = part.querySelector("button[name=save]");
  const next = button && document.getElementById(`part-${button.value}`);
  button?.addEventListener("click", (event) => {
    if (!next) {
      return;
    }
    event.preventDefault();
    count(part);
    part.open = false;
    if (next instanceof HTMLDetailsElement) {
      next.open = true;
    }
    next.scrollIntoView();
    (next.querySelector("summary") ?? next.querySelector("input"))?.focus({ preventScroll: true });
  });
}
