// The lane page: the state comes whole from the edge each time; this module shows it and sends what keys mean.
import { read, Refused } from "../web/js/api.js";
import { learnNow } from "../web/js/clocks.js";
import { afterAnswer } from "../web/js/dialogs.js";
import { element, find, setMark, setText } from "../web/js/elements.js";
import { celsius, integer, timeWithSeconds } from "../web/js/format.js";
import { askCamera } from "./camera.js";
import { showStanding } from "./standing.js";
import { has, laneWords, placeName, t, word } from "../web/js/labels.js";
import { groundsOf, laneActions } from "./actions.js";
import { childrenKey } from "./children.js";
import { groupAct, showCompany } from "./company.js";
import { declarationAct, showDeclaration } from "./declaration.js";
import { documentKey } from "./entering.js";
import { askOffer, askPlaces, questionKey } from "./exposure.js";
import { askOverride, overrideKey, overrideOffer } from "./overriding.js";
import { askRegister } from "./registering.js";
import { showNextPerson } from "./next_person.js";
import { focusScan, watchScans } from "./scan.js";
import { partyKey, showParty } from "./party.js";
import { showPrinting, showSlip, slipAct } from "./slip.js";
import { play, showSound, turnSound } from "./sound.js";
import { vehicleAct } from "./vehicle.js";
import { lockStation, looksLikeBadge, showLock, watchStation } from "./station.js";
import { showPictureFor, watchThermal } from "./thermal.js";
import { showLastHour, showTraveller } from "./traveller.js";
import { isAsking, isLeading, noteLedAway, showVerdict, situation, toneOf } from "./verdict.js";

const laneId = document.body.dataset.laneId;
let view = null, lastTone = "";

const actions = laneActions({ laneId, view: () => view, take, fail });
const actOnDeclaration = declarationAct({ laneId, view: () => view, take, fail });
const actOnSlip = slipAct({ laneId, view: () => view, take, fail });
const actOnGroup = groupAct({ laneId, view: () => view, take, fail });
const actOnVehicle = vehicleAct({ laneId, view: () => view, take });

const asking = { laneId, view: () => view, take };
const overriding = () => overrideOffer(view, () => askOverride(asking));

function take(next) {
  if (view !== null && next.version < view.version) return;
  const isNew = view === null || next.draft_id !== view.draft_id || next.phase !== view.phase;
  view = next;
  learnNow(view.now);
  showHead();
  if (showLock(view)) return;
  if (isNew || view.notice) setText(find("error"), view.notice ? noticeWords(view.notice) : "");
  showVerdict(view);
  showTraveller(view);
  showNextPerson(view, { drop: actions.dropNext });
  showDeclaration(view, { act: actOnDeclaration });
  showSlip(view);
  showCompany(view, { actOnGroup, actOnVehicle });
  showParty(view);
  showPrinting(view, { act: actOnSlip });
  showLastHour(view);
  showPictureFor(view);
  showActions();
  showSaved();
  const toneKey = view.phase === "empty" ? (isLeading(view) ? `${view.saved.record_id}/stop` : "") : view.phase === "awaiting_reading" && toneOf(view) === "wait" ? "" : `${view.draft_id}/${toneOf(view)}`;
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
  const gate = placeName(view.gate_names ?? view.gate);
  setText(find("gate-name"), gate);
  if (find("gate-name").title !== gate) find("gate-name").title = gate;
  setText(find("lane-name"), ` · ${laneWords(view.lane?.label ?? view.lane)}`);
  setText(find("direction"), word("Direction", view.direction));
  const devices = (view.devices ?? []).filter((device) => device.state !== undefined);
  const bad = devices.find((device) => (device.condition ?? device.state) !== "up");
  const condition = bad?.condition ?? bad?.state;
  setMark(find("scanner"), "lamp", devices.length === 0 ? "" : { undefined: "go", starting: "wait", stale: "wait", warming_up: "wait", drifting: "wait" }[condition] ?? "stop");
  setText(find("scanner"), devices.length === 0 ? t("lane.scanner_none") : bad ? [t(`lane.scanner_${condition}`), devices.length > 1 && bad.device_id].filter(Boolean).join(" · ") : t("lane.scanner_up"));
  const uplink = view.uplink ?? {};
  const isOnline = ["idle", "asking_head", "pushing", "renewing", "testifying", "online"].includes(uplink.state);
  const waiting = integer(uplink.pending ?? 0);
  setMark(find("uplink"), "lamp", isOnline ? "go" : uplink.state === "halted" ? "stop" : "wait");
  const isTold = has(`uplink_reason.${uplink.reason}`);
  if (isTold) setMark(find("uplink"), "lamp", "stop");
  setText(find("uplink"), isTold ? `${t(`uplink_reason.${uplink.reason}`)} · ${t("lane.uplink_waiting", { pending: waiting })}` : isOnline ? (uplink.pending > 0 ? t("lane.uplink_sending", { pending: waiting }) : t("lane.uplink_good")) : uplink.since ? t("lane.uplink_lost", { since_at: uplink.since, pending: waiting }) : t("lane.uplink_off", { pending: waiting }));
  showStanding(view);
  for (const lamp of document.querySelectorAll(".head .lamp")) if (lamp.title !== lamp.textContent) lamp.title = lamp.textContent;
}

// What Enter and the other keys mean now: [key, label, run], the first one is the next action.
function offers() {
  const isBound = Boolean(view.reading && !view.reading.unusable_because?.length);
  switch (situation(view)) {
    case "empty":
      return view.next_person ? [["Enter", t("lane.do_call_next"), actions.callNext]] : [];
    case "leading":
      return [["Enter", t("lane.do_led_away"), ledAway]];
    case "stale":
      return [["Enter", t("lane.do_still_here"), actions.stillHere], ...(isBound ? [["F6", t("lane.key_details"), actions.details], ...(["cleared", "wait"].includes(view.verdict?.outcome) ? [["F10", t("lane.discard_gone"), actions.discard]] : [])] : waiting())];
    case "choose":
      return view.candidates.slice(0, 2).map((one, index) => [String(index + 1), `${celsius(one.temperature_c)} · ${timeWithSeconds(one.observed_at)}`, () => actions.choose(one.reading_id)]);
    case "cleared":
      return [["Enter", t("lane.do_pass"), actions.close]];
    case "refused":
      return [["Enter", t("lane.do_refuse"), actions.close], ["F6", t("lane.key_details"), actions.details], ...overriding()];
    case "recheck":
    case "referred":
      if (view.phase === "verdict") return [["Enter", t("question.lead_aside"), actions.close], ["F2", t("lane.do_measure"), actions.measure]];
      return [["Enter", t("lane.do_recheck"), actions.recheck], ...(view.phase === "awaiting_recheck" ? [["F2", t("lane.do_set_aside"), actions.setAside]] : [])];
    case "wait":
      return [...askTwin(), ...askOffer(view, () => askPlaces(asking)), ...(isBound ? [["Enter", t("lane.key_details"), actions.details], ["F2", t("lane.do_measure"), actions.measure]] : waiting()), ...(isBound && groundsOf(view).length ? [["F10", t("lane.do_send_back"), actions.sendBack]] : []), ...overriding()].filter(([key], index, all) => all.findIndex(([other]) => other === key) === index);
    default:
      return [...askTwin(), ...waiting()];
  }
}

function ledAway() {
  noteLedAway(view);
  take(view);
}

const askTwin = () => (view.verdict?.reasons?.some((one) => one.code === "presented_elsewhere" && one.severity === "wait") ? [["Enter", t("lane.do_same_person"), actions.samePerson]] : []);
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

// A key that would do something for anybody else says why it does nothing during an alarm.
const AFTER_AN_ALARM = ["F4", "F10"];
function run(key) {
  const offer = offers().find(([offered]) => offered === key);
  if (offer) return offer[2]();
  return view.phase === "awaiting_recheck" && AFTER_AN_ALARM.includes(key) ? fail(new Refused({ code: "alarm_comes_first" }, 409)) : undefined;
}

// A pass that the register does not know: its holder is entered once, here, and completed in the lane.
function registerHere() {
  if (!view?.person?.standing?.is_registrable) return;
  askRegister({ laneId, shownNumber: view.person.document_number_masked, done: refresh });
}

const KEYS = { F1: actions.find, F2: () => run("F2"), F3: () => actions.correct().catch(fail), F4: () => run("F4"), F5: registerHere, F6: actions.details, F7: () => window.location.assign("/isolation"), F8: turnSound, F11: () => lockStation(), PageDown: () => askCamera({ present: actions.present }), F10: () => run("F10"), Delete: () => view.next_person && find("scan").value === "" && actions.dropNext() };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]") || view === null || view.is_locked) return;
  if (event.key === "Delete" && find("scan").value !== "") return;
  if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  } else if (view.phase === "choose_reading" && ["1", "2"].includes(event.key) && find("scan").value === "") {
    event.preventDefault();
    run(event.key);
  }
});
for (const button of document.querySelectorAll("[data-key]")) button.addEventListener("click", () => KEYS[button.dataset.key]());

// An officer's badge in the lane's reader means a change of officer; everything else is a document.
const scanned = (text) => (looksLikeBadge(text) ? lockStation({ badge: text.trim() }) : actions.present(text));
watchScans({ present: scanned, enterAlone: () => run("Enter") });

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
  const arrived = (event) => afterAnswer(() => take(JSON.parse(event.data)));
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

// A verdict that nobody acts on must not look fresh: it asks whether the person is still there, and asks again.
const ASK_AGAIN_MS = 30000;
let asked = 0;
setInterval(() => {
  if (view === null || view.is_locked || !isAsking(view)) {
    asked = 0;
    return;
  }
  if (Date.now() - asked < ASK_AGAIN_MS) return;
  asked = Date.now();
  take(view);
  play("wait");
}, 1000);

partyKey({ laneId, view: () => view, refresh, fail });
childrenKey({ laneId, view: () => view, take, fail });
questionKey(asking);
documentKey({ ...asking, fail });
overrideKey(asking);
showSound();
watchStation({ lane: laneId });
await refresh();
watchLane();
if (!view?.is_locked) watchThermal(laneId);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
window.addEventListener("focus", focusScan);
