// The lane page: the state comes whole from the edge each time; this module shows it and sends what keys mean.
import { read, Refused } from "../web/js/api.js";
import { learnNow } from "../web/js/clocks.js";
import { element, find, setMark, setText } from "../web/js/elements.js";
import { celsius, integer, timeWithSeconds } from "../web/js/format.js";
import { placeName, t, word } from "../web/js/labels.js";
import { laneActions } from "./actions.js";
import { focusScan, watchScans } from "./scan.js";
import { play, showSound, turnSound } from "./sound.js";
import { showPictureFor, watchThermal } from "./thermal.js";
import { showLastHour, showTraveller } from "./traveller.js";
import { showVerdict, situation, toneOf } from "./verdict.js";

const laneId = document.body.dataset.laneId;
let view = null, lastTone = "";

const actions = laneActions({ laneId, view: () => view, take, fail });

function take(next) {
  if (view !== null && next.version < view.version) return;
  const isNew = view === null || next.draft_id !== view.draft_id || next.phase !== view.phase;
  view = next;
  learnNow(view.now);
  if (isNew || view.notice) setText(find("error"), view.notice ? noticeWords(view.notice) : "");
  showHead();
  showVerdict(view);
  showTraveller(view);
  showLastHour(view);
  showPictureFor(view);
  showActions();
  showSaved();
  const toneKey = view.phase === "empty" || view.phase === "awaiting_reading" && toneOf(view) === "wait" ? "" : `${view.draft_id}/${toneOf(view)}`;
  if (toneKey && toneKey !== lastTone) play(toneOf(view));
  lastTone = toneKey;
  focusScan();
}

// What a document reader sent and the lane could not take; it stays until somebody is presented.
function noticeWords(code) {
  return new Refused({ code }, 409).words;
}

function fail(problem) {
  if (!(problem instanceof Refused)) throw problem;
  setText(find("error"), problem.words);
  play("wait");
}

function showHead() {
  setText(find("place"), `${placeName(view.gate_names ?? view.gate)} · ${view.lane?.label ?? view.lane}`);
  setText(find("direction"), word("Direction", view.direction));
  const devices = (view.devices ?? []).filter((device) => device.state !== undefined);
  const bad = devices.find((device) => device.state !== "up");
  setMark(find("scanner"), "lamp", devices.length === 0 ? "" : { undefined: "go", starting: "wait", stale: "wait" }[bad?.state] ?? "stop");
  setText(find("scanner"), devices.length === 0 ? t("lane.scanner_none") : bad ? `${t(`lane.scanner_${bad.state}`)} · ${bad.device_id}` : t("lane.scanner_up"));
  const uplink = view.uplink ?? {};
  const isOnline = ["idle", "asking_head", "pushing", "online"].includes(uplink.state);
  const waiting = integer(uplink.pending ?? 0);
  setMark(find("uplink"), "lamp", isOnline ? "go" : uplink.state === "halted" ? "stop" : "wait");
  setText(find("uplink"), isOnline ? (uplink.pending > 0 ? t("lane.uplink_sending", { pending: waiting }) : t("lane.uplink_good")) : uplink.since ? t("lane.uplink_lost", { since_at: uplink.since, pending: waiting }) : t("lane.uplink_off", { pending: waiting }));
}

// What Enter and the other keys mean now: [key, label, run], the first one is the next action.
function offers() {
  const isBound = Boolean(view.reading && !view.reading.unusable_because?.length);
  switch (situation(view)) {
    case "empty":
      return [];
    case "choose":
      return view.candidates.slice(0, 2).map((one, index) => [String(index + 1), `${celsius(one.temperature_c)} · ${timeWithSeconds(one.observed_at)}`, () => actions.choose(one.reading_id)]);
    case "cleared":
      return [["Enter", t("lane.do_pass"), actions.close]];
    case "refused":
      return [["Enter", t("lane.do_refuse"), actions.close], ["F6", t("lane.key_details"), actions.details]];
    case "recheck":
    case "referred":
      return [["Enter", t("lane.do_recheck"), actions.recheck], ...(view.phase === "awaiting_recheck" ? [["F2", t("lane.do_set_aside"), actions.setAside]] : [])];
    case "wait":
      return isBound ? [["Enter", t("lane.key_details"), actions.details], ["F2", t("lane.do_measure"), actions.measure]] : waiting();
    default:
      return waiting();
  }
}

const waiting = () => [["F2", t("lane.do_measure"), actions.measure], ["F4", t("lane.do_except"), actions.except], ["F10", t("lane.discard"), actions.discard]];

let shownOffers = "";
function showActions() {
  const now = offers();
  const wanted = JSON.stringify([view.draft_id, now.map(([key, label]) => [key, label])]);
  if (wanted === shownOffers) return;
  shownOffers = wanted;
  const hadFocus = find("actions").contains(document.activeElement);
  find("actions").replaceChildren(
    ...now.map(([key, label, run], index) => element("button", { type: "button", class: index === 0 && key === "Enter" ? "first" : null, "data-offer": key, onclick: run }, element("span", {}, label), element("kbd", {}, key))),
  );
  if (hadFocus) find("scan").focus();
}

function showSaved() {
  const saved = view.saved;
  const what = saved?.outcome ? `${word("Disposition", saved.outcome)} · ` : "";
  setText(find("saved"), saved ? `${what}${t("lane.saved", { saved_at: saved.recorded_at, number: `${saved.sequence}` })}` : "");
}

const run = (key) => offers().find(([offered]) => offered === key)?.[2]?.();

const KEYS = { F1: actions.find, F2: () => run("F2"), F3: () => actions.correct().catch(fail), F4: () => run("F4"), F6: actions.details, F7: () => window.location.assign("/isolation"), F8: turnSound, F10: () => run("F10") };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]") || view === null) return;
  if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  } else if (view.phase === "choose_reading" && ["1", "2"].includes(event.key) && find("scan").value === "") {
    event.preventDefault();
    run(event.key);
  }
});
for (const button of document.querySelectorAll("[data-key]")) button.addEventListener("click", () => KEYS[button.dataset.key]());

watchScans({ present: actions.present, enterAlone: () => run("Enter") });

// The stream sends whole states; after each (re)connection the state is read anew, so nothing is missed.
let hasStream = false;
async function refresh() {
  try {
    take(await read(`/api/lanes/${laneId}/state`));
  } catch (problem) {
    fail(problem);
  }
}
function watchLane() {
  const stream = new EventSource(`/api/lanes/${laneId}/events`);
  const arrived = (event) => take(JSON.parse(event.data));
  stream.addEventListener("message", arrived);
  stream.addEventListener("lane", arrived);
  stream.addEventListener("open", () => {
    setText(find("error"), "");
    if (hasStream) refresh();
    hasStream = true;
  });
  stream.addEventListener("error", () => {
    setText(find("error"), t("lane.edge_lost"));
    if (stream.readyState === EventSource.CLOSED) setTimeout(watchLane, 2000);
  });
}

showSound();
await refresh();
watchLane();
watchThermal(laneId);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
window.addEventListener("focus", focusScan);
