// Enhances a question: keys 1 to 4 choose, and no press counts twice. The page works without it.
(() => {
  "use strict";
  const form = document.querySelector("[data-question]");
  document.documentElement.classList.add("scripted");
  if (!form) return;

  const SETTLE_MS = 300; // the second half of a double click must not answer the question that has just appeared
  const settledAt = performance.now() + SETTLE_MS;
  let isSent = false;

  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-choice]") && performance.now() < settledAt) event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    if (isSent) event.preventDefault();
    isSent = true;
  });
  window.addEventListener("pageshow", () => { isSent = false; });
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    const button = form.querySelector(`[data-choice="${CSS.escape(event.key)}"]`);
    if (button) button.click();
  });
})();
