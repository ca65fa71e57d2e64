// The officer's page of a declaration: the first empty field has the keyboard, Esc goes back to the lane, and an idle
// station locks there. This page has no catalogue of words.
import { beginLocking, heardLocked, isLocking, watchIdleness } from "./station_windows.js";

const lane = window.location.pathname.replace(/\/declaration$/, "");

function leave() {
  document.body.replaceChildren();
  window.location.replace(lane);
}

watchIdleness(() => {
  beginLocking();
  leave();
});
heardLocked(leave);
if (isLocking()) leave();
// What was typed already is not thrown away by one key: then Esc leads to the way back, and Enter goes it.
let isTyped = false;
document.addEventListener("input", () => (isTyped = true));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (isTyped) document.querySelector(`a[href="${lane}"]`)?.focus();
  else window.location.assign(lane);
});
if (!document.getElementById("summary")) [...document.querySelectorAll("form input:not([type=hidden]), form select")].find((field) => field.type !== "radio" && !field.value)?.focus();
