// The key that a page shows on a button, a link or a search field does what a click on it does, as on the lane's pages.
const isTyping = () => document.activeElement?.matches("input, textarea, select");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.repeat || document.querySelector("dialog[open]")) return;
  if (event.key.length === 1 && isTyping()) return;
  const wanted = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key && one.offsetParent !== null && !one.disabled);
  if (!wanted) return;
  event.preventDefault();
  if (wanted.matches("input")) wanted.focus();
  else wanted.click();
});
