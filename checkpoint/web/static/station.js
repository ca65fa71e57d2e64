// The workstation: F11 or five idle minutes lock it; badge and PIN open it again, for the same officer or the next.
// The page is loaded anew each time, so that a locked screen holds nothing of the person, not even in its memory.
import { Refused, send } from "../web/js/api.js";
import { find, setText } from "../web/js/elements.js";
import { t } from "../web/js/labels.js";
import { showRefusal } from "../web/js/waiting.js";
import { lockSession } from "./station_lock.js";
import { heardLocked, isLocking, keepLane, takeBack, tellLocked, watchIdleness } from "./station_windows.js";

const KEPT_BADGE = "kd-badge";
const BADGE = /^KD-?CB[-:]?[A-Z0-9]{4,16}$/i;
let laneId = "", isLocked = false, isLeaving = false, wasOpen = false;

export const looksLikeBadge = (text) => BADGE.test(text.trim());

// Hide first, then tell the edge until it has heard, then begin anew: nothing waits for the network in sight.
export async function lockStation({ badge = "" } = {}) {
  if (isLocked) return;
  isLocked = isLeaving = true;
  if (badge) sessionStorage.setItem(KEPT_BADGE, badge);
  await lockSession({ hide: hideAll, said: (problem) => setText(find("locked-error"), problem.words) });
  window.location.reload();
}

// What a locked screen hides is taken out, not covered: nobody reads it with the browser's own tools.
function hideAll() {
  document.body.dataset.locked = "yes";
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  for (const part of document.querySelectorAll("[data-hidden-while-locked]")) part.remove();
  find("locked").hidden = false;
  find("unlock").hidden = true;
}

export function watchStation({ lane }) {
  laneId = lane;
  keepLane(lane);
  watchIdleness(lockStation);
  heardLocked(() => isLocked || leave());
  if (isLocking()) lockStation();
  find("unlock").addEventListener("submit", unlock);
  find("badge").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || find("pin").value) return;
    event.preventDefault();
    find("pin").focus();
  });
}

// Shows whether the station is locked; true while it is.
export function showLock(view) {
  if (!view.is_locked) {
    wasOpen = true;
    return isLeaving;
  }
  if (isLeaving) return true;
  if (wasOpen) {
    tellLocked(); // locked from elsewhere, by a badge in the lane's own reader: no window of the station knows yet
    return leave();
  }
  const isNew = find("locked").hidden;
  isLocked = true;
  document.body.dataset.locked = "yes";
  for (const part of document.querySelectorAll("[data-hidden-while-locked]")) part.hidden = true;
  find("locked").hidden = false;
  setText(find("locked-who"), t(view.has_draft ? "station.somebody_here" : "station.nobody_here"));
  if (isNew) begin();
  if (view.badge && view.badge !== shownBadge) askPin(view.badge);
  return true;
}

// A badge that a reader at the lane read: only the PIN is left to be typed.
let shownBadge = "";
function askPin(badge) {
  shownBadge = badge;
  find("badge").value = badge;
  find("pin").value = "";
  find("pin").focus();
}

function leave() {
  isLocked = isLeaving = true;
  hideAll();
  window.location.reload();
  return true;
}

function begin() {
  const kept = sessionStorage.getItem(KEPT_BADGE) ?? "";
  sessionStorage.removeItem(KEPT_BADGE);
  find("badge").value = kept;
  find(kept ? "pin" : "badge").focus();
  document.addEventListener("focusout", () => setTimeout(() => { if (document.activeElement === document.body) find(find("badge").value ? "pin" : "badge").focus(); }, 50));
}

async function unlock(event) {
  event.preventDefault();
  const pin = find("pin").value;
  find("pin").value = "";
  try {
    await send(`/api/lanes/${laneId}/switch`, { badge: find("badge").value, pin });
    const back = takeBack();
    if (back) window.location.replace(back);
    else window.location.reload();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    showRefusal(problem, { error: find("locked-error"), button: event.target.querySelector("[type=submit]") });
    find("pin").focus();
  }
}
