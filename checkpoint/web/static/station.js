// The workstation: F11 or five idle minutes lock it; badge and PIN open it again, for the same officer or the next.
// The page is loaded anew each time, so that a locked screen holds nothing of the person, not even in its memory.
import { Refused, send } from "../web/js/api.js";
import { find, setText } from "../web/js/elements.js";
import { t } from "../web/js/labels.js";
import { showRefusal } from "../web/js/waiting.js";

const IDLE_MS = 5 * 60 * 1000, LOOK_MS = 1000, KEPT_BADGE = "kd-badge";
const BADGE = /^KD-?CB[-:]?[A-Z0-9]{4,16}$/i;
let laneId = "", isLocked = false, isLeaving = false, wasOpen = false, lastTouch = Date.now();

export const looksLikeBadge = (text) => BADGE.test(text.trim());

// Hide first, then tell the edge, then begin anew: nothing waits for the network before it is out of sight.
export async function lockStation({ badge = "" } = {}) {
  if (isLocked) return;
  isLocked = isLeaving = true;
  document.body.dataset.locked = "yes";
  if (badge) sessionStorage.setItem(KEPT_BADGE, badge);
  try {
    await send(`/api/lanes/${laneId}/lock`);
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("locked-error"), problem.words);
  }
  window.location.reload();
}

export function watchStation({ lane }) {
  laneId = lane;
  for (const name of ["keydown", "pointerdown", "pointermove"]) document.addEventListener(name, () => { lastTouch = Date.now(); }, { passive: true });
  setInterval(() => { if (Date.now() - lastTouch >= IDLE_MS) lockStation(); }, LOOK_MS);
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
  if (wasOpen) return leave();  // locked from elsewhere: by a badge in the lane's own reader
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
  document.body.dataset.locked = "yes";
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
    window.location.reload();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    showRefusal(problem, { error: find("locked-error"), button: event.target.querySelector("[type=submit]") });
    find("pin").focus();
  }
}
