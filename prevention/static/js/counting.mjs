// Folded checkboxes: the line they fold under goes on saying how many of them are ticked.

for (const folded of document.querySelectorAll("[data-count-ticked]")) {
  const words = folded.querySelector(".govuk-details__summary-text");
  const boxes = [...folded.querySelectorAll("input[type=checkbox]")];
  const count = () => {
    words.textContent = folded.dataset.countTicked.replace("{}", boxes.filter((box) => box.checked).length);
  };
  folded.addEventListener("change", count);
  window.addEventListener("pageshow", count); // a browser that goes back ticks again what was ticked
}
