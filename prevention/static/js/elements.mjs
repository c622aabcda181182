// Small pieces of a page that scripts add.

/** An element that holds words only. */
export const text = (tag, words, className) => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = words;
  return element;
};

/** A button that does something on this page and sends no form. */
export const button = (words, className, action) => {
  const element = text("button", words, `govuk-button ${className}`.trim());
  element.type = "button";
  element.addEventListener("click", action);
  return element;
};
