// Runs before the page is drawn, so that folded parts do not jump. A file of its own because the CSP allows no inline script.
document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("govuk-frontend-supported");
}
