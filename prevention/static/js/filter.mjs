// Lists: opens the filter where there is room, sends a form when a choice changes, counts ticked rows.

const wide = window.matchMedia("(min-width: 48.0625em)");
for (const panel of document.querySelectorAll("details[data-filter]")) {
  const fit = () => {
    panel.open = wide.matches;
  };
  fit();
  wide.addEventListener("change", fit);
}
for (const field of document.querySelectorAll("[data-submit-on-change]")) {
  field.addEventListener("change", () => field.form?.requestSubmit());
}
for (const words of document.querySelectorAll("[data-selected-count]")) {
  const form = words.closest("form");
  form?.addEventListener("change", () => {
    const count = form.querySelectorAll(".app-row__tick input:checked").length;
    words.textContent = count ? `${count} selected` : "Nothing selected";
  });
}
