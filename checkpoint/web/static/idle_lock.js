// Every page of a station but the lane's own: when nobody touches it, or when another window locks, it goes out of sight,
// locks, and goes on to where it is opened again: the lane, which asks for badge and PIN, or for a role without a PIN the
// sign-in. Whoever opens it comes back here. The isolation board goes on to its clocks, which are still to be heard.
import { comeBackTo, heardLocked, IDLE_MS, isLocking, laneOfStation, watchIdleness } from "./station_windows.js";
import { lockSession } from "./station_lock.js";

const MINUTE_MS = 60 * 1000, WITHOUT_PIN_MS = 10 * MINUTE_MS; // a password takes longer than a PIN
const OF_FIGURES_MS = 30 * MINUTE_MS; // a board of figures is looked at and not touched; its session ends then anyway
const station = document.querySelector("meta[name=kd-station]"), hasPin = station.content === "officer";
const here = window.location.pathname, hasClocks = document.body.dataset.alarms === "yes";
let isLeaving = false;

function hide() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  for (const part of document.body.children) part.hidden = true;
  const told = document.createElement("p");
  told.className = "page strong";
  told.setAttribute("role", "status");
  told.textContent = station.dataset.waiting;
  document.body.append(told);
  // A page that is out of sight does nothing any more, whatever is typed.
  for (const name of ["keydown", "keypress", "keyup", "input"]) window.addEventListener(name, (event) => { event.preventDefault(); event.stopImmediatePropagation(); }, true);
}

async function leave() {
  if (isLeaving) return;
  isLeaving = true;
  await lockSession({ hide });
  comeBackTo(here);
  const opening = hasPin ? (laneOfStation() ? `/lanes/${laneOfStation()}` : "/lanes") : `/sign-in?next=${encodeURIComponent(here)}`;
  window.location.replace(hasClocks ? "/isolation/veiled" : opening);
}

const withoutPin_ms = document.body.dataset.figures === "yes" ? OF_FIGURES_MS : WITHOUT_PIN_MS;
watchIdleness(leave, { idle_ms: hasPin ? IDLE_MS : withoutPin_ms });
heardLocked(leave);
if (isLocking()) leave();
