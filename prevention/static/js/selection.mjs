// Lists with ticks: counts the ticked rows of a form, and keeps the box for all of them true.

for (const words of document.querySelectorAll("[data-selected-count]")) {
  const form = words.closest("form");
  const rows = [...form.querySelectorAll(".app-row__tick input")];
  const all = form.elements.namedItem("all");
  const count = () => {
    const ticked = rows.filter((row) => row.checked).length;
    words.textContent = ticked ? `${ticked} ticked` : "";
    if (all) {
      all.checked = ticked === rows.length;
      all.indeterminate = ticked > 0 && ticked < rows.length;
    }
  };
  all?.addEventListener("change", () => {
    for (const row of rows) {
      row.checked = all.checked;
    }
  });
  form.addEventListener("change", count);
  window.addEventListener("pageshow", count); // a browser that goes back ticks again what was ticked
}
