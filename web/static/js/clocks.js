// Running clocks: one ticker for the page. Time comes from the server's "now", not from this machine's clock.
import { setMark, setText } from "./elements.js";
import { duration, timeWithSeconds } from "./format.js";

let ahead_ms = 0;
export function learnNow(serverNow) {
  if (serverNow) ahead_ms = new Date(serverNow).getTime() - Date.now();
}
export const now_ms = () => Date.now() + ahead_ms;

// Amber when half of the time is used, red in the last quarter and when overdue.
export function urgency(left_s, limit_s) {
  if (left_s <= limit_s / 4) return "red";
  return left_s <= limit_s / 2 ? "amber" : "calm";
}

export function limitOf(clock) {
  if (clock.limit_s) return clock.limit_s;
  return clock.started_at ? (new Date(clock.due_at) - new Date(clock.started_at)) / 1000 : 0;
}

export function markClock(node, clock) {
  node.dataset.dueAt = clock.due_at;
  node.dataset.limitS = String(limitOf(clock));
  tick(node);
}

function tick(node) {
  const left_s = (new Date(node.dataset.dueAt).getTime() - now_ms()) / 1000;
  // A window that only closes stops at nought; a legal deadline goes on below it.
  setText(node, duration(node.dataset.stops ? Math.max(0, left_s) : left_s));
  setMark(node, "urgency", node.dataset.stops ? "calm" : urgency(left_s, Number(node.dataset.limitS)));
}

function tickAll() {
  for (const node of document.querySelectorAll("[data-due-at]")) tick(node);
  for (const node of document.querySelectorAll("[data-wall-clock]")) setText(node, timeWithSeconds(now_ms()));
}
setInterval(tickAll, 500);
