// What the windows of one workstation know of each other: when it was last touched, and that it is being locked. Nothing
// of a person is kept here. A page without the catalogue of words may import this module.
const TOUCHED = "kd-touched", LOCKING = "kd-locking", LANE = "kd-lane", BACK = "kd-back", LOCKED = "locked", EVERY_MS = 1000;
const others = new BroadcastChannel("kd-station");
let mine = Date.now();

export const IDLE_MS = 5 * 60 * 1000;

function touch() {
  const now = Date.now();
  if (now - mine >= EVERY_MS) localStorage.setItem(TOUCHED, String(now));
  mine = now;
}

// idle(): nobody has touched any window for so long.
export function watchIdleness(idle, { idle_ms = IDLE_MS } = {}) {
  localStorage.setItem(TOUCHED, String(mine));
  for (const name of ["keydown", "pointerdown", "pointermove"]) document.addEventListener(name, touch, { passive: true, capture: true });
  setInterval(() => { if (Date.now() - Math.max(mine, Number(localStorage.getItem(TOUCHED)) || 0) >= idle_ms) idle(); }, EVERY_MS);
}

// From here on no window of this station shows anything, loaded anew or not, until the edge has said that it is locked.
export function beginLocking() {
  localStorage.setItem(LOCKING, "yes");
  others.postMessage(LOCKED);
}
export const tellLocked = () => others.postMessage(LOCKED);
export const endLocking = () => localStorage.removeItem(LOCKING);
export const isLocking = () => localStorage.getItem(LOCKING) !== null;
export const heardLocked = (leave) => others.addEventListener("message", (event) => event.data === LOCKED && leave());

export const keepLane = (laneId) => localStorage.setItem(LANE, laneId);
export const laneOfStation = () => localStorage.getItem(LANE);

// Where the officer was goes with the window, so that whoever unlocks comes back to it.
export const comeBackTo = (path) => sessionStorage.setItem(BACK, path);
export function takeBack() {
  const path = sessionStorage.getItem(BACK);
  sessionStorage.removeItem(BACK);
  return path;
}
