// Every page of a station but the lane's own: after five idle minutes, or when another window locks, it goes out of sight
// and on to the lane, which locks the station and asks for badge and PIN. Whoever unlocks comes back here.
import { read } from "../web/js/api.js";
import { beginLocking, comeBackTo, heardLocked, isLocking, laneOfStation, watchIdleness } from "./station_windows.js";

let isLeaving = false;

async function leave() {
  if (isLeaving) return;
  isLeaving = true;
  document.body.hidden = true;
  const laneId = laneOfStation() ?? (await read("/api/lanes"))[0].lane_id;
  if (!isLocking()) beginLocking(laneId);
  comeBackTo(window.location.pathname);
  window.location.replace(`/lanes/${laneId}`);
}

// A page whose alarms of legal clocks must be heard does not fall silent because nobody touches it.
const hasAlarms = document.body.dataset.alarms === "yes";
watchIdleness(hasAlarms ? () => {} : leave);
heardLocked(leave);
if (isLocking()) leave();
