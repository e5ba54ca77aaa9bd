// Enhances a question: keys 1 to 4 choose, and no press counts twice. The page works without it.
// Runs in the head, before there is anything to press: the second half of a double click must not answer the
// question that has just appeared.
(() => {
  "use strict";
  const SETTLE_MS = 300;
  let settledAt = Infinity;
  let isSent = false;

  document.documentElement.classList.add("scripted");
  document.addEventListener("DOMContentLoaded", () => { settledAt = performance.now() + SETTLE_MS; });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-choice]") && performance.now() < settledAt) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    if (isSent) event.preventDefault();
    isSent = true;
  });
  window.addEventListener("pageshow", () => { isSent = false; });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea")) return;
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    const button = document.querySelector(`[data-choice="${CSS.escape(event.key)}"]`);
    if (button) button.click();
  });
})();
