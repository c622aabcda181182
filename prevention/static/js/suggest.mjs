// Offers reasons that the words typed suggest. A person accepts each with a tap; nothing is ever ticked for them.
// The text is posted to data-suggest-url, which answers {suggestions: [{value, label, words}]}.

const PAUSE_MS = 800;

const listen = (box) => {
  const text = document.getElementById(box.dataset.suggestFrom);
  const form = box.closest("form");
  if (!text || !form) {
    return;
  }
  let timer = null;
  let asked = "";

  const ask = async () => {
    const words = text.value.trim();
    if (words === asked) {
      return;
    }
    asked = words;
    if (!words) {
      box.replaceChildren();
      return;
    }
    const answer = await fetch(box.dataset.suggestUrl, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": form.querySelector('input[name="csrf_token"]')?.value ?? "" },
      body: new URLSearchParams({ narrative: words }),
      credentials: "same-origin",
    });
    if (!answer.ok || answer.redirected) {
      return;
    }
    const { suggestions } = await answer.json();
    if (text.value.trim() === words) {
      show(suggestions);
    }
  };

  const show = (suggestions) => {
    const waiting = suggestions
      .map((suggestion) => ({ ...suggestion, choice: choiceOf(form, suggestion.value) }))
      .filter(({ choice }) => choice && !choice.checked);
    if (!waiting.length) {
      box.replaceChildren();
      return;
    }
    const title = document.createElement("p");
    title.className = "govuk-body govuk-!-font-weight-bold app-suggestions__title";
    title.textContent = "Add a reason?";
    box.replaceChildren(title, ...waiting.map((suggestion) => offer(suggestion)), ...waiting.map(({ value }) => seen(value)));
  };

  const offer = ({ label, words, choice }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "app-suggestion";
    const name = document.createElement("span");
    name.className = "app-suggestion__name";
    name.textContent = `Add: ${label}`;
    const why = document.createElement("span");
    why.className = "app-suggestion__why";
    why.textContent = `You wrote “${words.join("”, “")}”`;
    button.append(name, why);
    button.addEventListener("click", () => {
      choice.checked = true;
      choice.dispatchEvent(new Event("change", { bubbles: true }));
      button.replaceWith(added(label));
    });
    return button;
  };

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask().catch(() => {}), PAUSE_MS);
  };
  text.addEventListener("input", later);
  text.addEventListener("blur", () => ask().catch(() => {}));
};

/** Tells the server that this was offered here, so that it does not ask a second time. */
const seen = (value) => {
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "offered";
  field.value = value;
  return field;
};

const choiceOf = (form, value) => form.querySelector(`input[type="checkbox"][value="${CSS.escape(value)}"]`);

const added = (label) => {
  const words = document.createElement("p");
  words.className = "govuk-body app-suggestion__added";
  words.textContent = `✓ Added: ${label}`;
  return words;
};

for (const box of document.querySelectorAll("[data-suggest-url]")) {
  listen(box);
}
