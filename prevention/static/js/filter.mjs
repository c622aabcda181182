// Lists: counts the ticked rows of a form.

for (const words of document.querySelectorAll("[data-selected-count]")) {
  const form = words.closest("form");
  form?.addEventListener("change", () => {
    const count = form.querySelectorAll(".app-row__tick input:checked").length;
    words.textContent = count ? `${count} selected` : "Nothing selected";
  });
}
