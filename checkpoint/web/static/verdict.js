// The verdict block: one colour, one shape, one word; the reasons with their clauses; the next action on Enter.
import { drawing, element, find, setMark, setText } from "../web/js/elements.js";
import { celsius, celsiusBeside, tenth } from "../web/js/format.js";
import { placeName, reason, t, word } from "../web/js/labels.js";
import { markClock, now_ms } from "../web/js/clocks.js";

const TONES = { cleared: "go", wait: "wait", recheck: "stop", referred: "stop", refused: "stop" };

// The edge says in how many seconds it asks whether this person is still there; from then on nothing looks fresh.
export const isAsking = (view) => typeof view.asks_in_s === "number" && now_ms() >= new Date(view.now).getTime() + view.asks_in_s * 1000;

// Whoever has a fever stays red until the officer says that they were led away; the next document ends it too.
const LED_AWAY = "lane.led_away";
export const isLeading = (view) => view.phase === "empty" && ["isolated", "referred"].includes(view.saved?.outcome) && window.sessionStorage.getItem(LED_AWAY) !== view.saved.record_id;
export const noteLedAway = (view) => window.sessionStorage.setItem(LED_AWAY, view.saved.record_id);

export function toneOf(view) {
  if (view.phase === "empty") return isLeading(view) ? "stop" : "none";
  if (isAsking(view)) return "wait";
  if (view.phase === "choose_reading") return "wait";
  return TONES[view.verdict?.outcome] ?? "wait";
}

const SHAPES = {
  go: () => [drawing("circle", { cx: 32, cy: 32, r: 30, fill: "#fff" }), drawing("path", { d: "M18 33l10 10 19-22", fill: "none", stroke: "#0b6b3a", "stroke-width": 7, "stroke-linecap": "round", "stroke-linejoin": "round" })],
  wait: () => [drawing("path", { d: "M14 6h36M14 58h36M18 6v10c0 8 14 12 14 16s-14 8-14 16v10M46 6v10c0 8-14 12-14 16s14 8 14 16v10", fill: "none", stroke: "currentColor", "stroke-width": 5, "stroke-linecap": "round" }), drawing("path", { d: "M24 54c2-8 14-8 16 0z", fill: "currentColor" })],
  stop: () => [drawing("path", { d: "M20 3h24l17 17v24L44 61H20L3 44V20z", fill: "#fff" }), drawing("path", { d: "M32 15v22", stroke: "#b3141d", "stroke-width": 8, "stroke-linecap": "round" }), drawing("circle", { cx: 32, cy: 48, r: 5, fill: "#b3141d" })],
  none: () => [drawing("circle", { cx: 32, cy: 32, r: 27, fill: "none", stroke: "currentColor", "stroke-width": 4, "stroke-dasharray": "6 9", opacity: 0.5 })],
};

export function showVerdict(view) {
  const tone = toneOf(view);
  const block = find("verdict");
  if (block.dataset.shape !== tone) {
    block.dataset.shape = tone;
    find("shape").replaceChildren(drawing("svg", { viewBox: "0 0 64 64" }, ...SHAPES[tone]()));
  }
  setMark(block, "tone", tone);
  setMark(block, "phase", view.phase);
  const key = situation(view);
  setText(find("word"), wordOf(key));
  setText(find("instruction"), view.phase === "empty" ? whatNext(view) : t(`lane.say_${key}`));
  setText(find("temperature"), view.reading ? celsiusBeside(view.reading.temperature_c, view.verdict?.threshold_c) : key === "leading" ? feverOf(view) : "");
  setText(find("uncertainty"), view.reading?.uncertainty_c ? `± ${tenth(view.reading.uncertainty_c)}` : "");
  showReasons(view);
  showPassage(view);
  announce(view, key);
}

const wordOf = (key) => t(`lane.word_${key === "leading" ? "referred" : key}`);

// What was measured of the person who is led away, as the closed verdict says it.
function feverOf({ closed }) {
  const measured = closed?.verdict?.reasons?.find((one) => typeof one.values?.temperature_c === "number");
  return measured ? celsius(measured.values.temperature_c) : "";
}

let lastPerson = "";
function nameBefore(view) {
  if (view.person) lastPerson = view.person.full_name;
  return isLeading(view) && lastPerson ? element("li", {}, element("p", { class: "strong" }, lastPerson)) : null;
}

// The lane is empty: where the person before must be led, or that there is no place for them.
function whatNext({ saved, closed }) {
  if (saved?.place_id) return t("lane.lead_to_place", { place: saved.place_id });
  return closed?.room_reason ? t("lane.no_place") : t("lane.say_empty");
}

// Where cleared people pass by themselves: in how many seconds.
function showPassage(view) {
  const left_s = view.passage_left_s;
  const isCounting = view.phase === "verdict" && typeof left_s === "number";
  find("passage").hidden = !isCounting;
  if (isCounting) markClock(find("passage-left"), { due_at: new Date(new Date(view.now).getTime() + Math.max(0, left_s) * 1000).toISOString() });
}

// One of: empty, leading, awaiting_reading, choose, stale, cleared, wait, recheck, referred, refused.
export function situation(view) {
  if (view.phase === "empty") return isLeading(view) ? "leading" : "empty";
  if (view.phase === "choose_reading") return "choose";
  if (isAsking(view)) return "stale";
  const outcome = view.verdict?.outcome ?? "wait";
  if (view.phase === "awaiting_reading" && !["refused", "recheck", "referred"].includes(outcome)) return "awaiting_reading";
  return outcome;
}

let announced = "";
function announce(view, key) {
  const now = `${view.draft_id ?? view.saved?.record_id ?? ""}/${key}/${view.reading?.reading_id ?? ""}`;
  if (now === announced) return;
  announced = now;
  const temperature = view.reading ? `${celsius(view.reading.temperature_c)}. ` : "";
  if (key === "leading") return setText(find("announcement"), `${wordOf(key)}. ${whatNext(view)}`);
  setText(find("announcement"), view.phase === "empty" ? "" : `${wordOf(key)}. ${temperature}${t(`lane.say_${key}`)}`);
}

let shownReasons = "";
function showReasons(view) {
  const name = nameBefore(view);
  const wanted = JSON.stringify([view.phase, isLeading(view), view.verdict?.reasons, view.verdict?.clocks, view.troubles, view.candidates, view.saved?.sequence, view.closed?.room_reason]);
  if (wanted === shownReasons) return;
  shownReasons = wanted;
  const [nearest, ...others] = view.phase === "empty" ? [] : (view.verdict?.clocks ?? []).toSorted((one, other) => new Date(one.due_at) - new Date(other.due_at));
  find("deadline").hidden = !nearest;
  find("deadline").replaceChildren(...(nearest ? deadline(nearest) : []));
  const clocks = others.map(clockLine);
  if (view.phase === "awaiting_reading" && typeof view.window_left_s === "number") clocks.unshift(windowLine(view));
  const instead = whereInstead(view);
  if (instead) clocks.unshift(element("li", {}, element("p", { class: "strong" }, instead)));
  const reasons = view.phase === "empty" ? [] : (view.verdict?.reasons ?? []).map(reasonLine);
  find("reasons").replaceChildren(...[name].filter(Boolean), ...troubles(view), ...reasons, ...clocks, ...(view.phase === "empty" ? lastSaved(view) : []));
}

// Where whoever an order refuses here may cross, or that no order in force says where.
const OF_TRAFFIC = ["traffic_stopped", "purpose_not_allowed", "outside_hours", "quota_reached", "quota_of_hour_reached"];
function whereInstead({ phase, verdict }) {
  if (!verdict || phase === "empty") return null;
  if (verdict.redirect_to) return t("ReasonDetail.redirect_to", { redirect_to: placeName(verdict.redirect_to_names ?? verdict.redirect_to) });
  return verdict.outcome === "refused" && verdict.reasons.some((one) => OF_TRAFFIC.includes(one.code)) ? t("lane.no_gate_instead") : null;
}

// Why the last reading of this person could not be used, what to change before the next one, and what else there is.
function troubles(view) {
  if (view.phase !== "awaiting_reading" || !view.troubles?.length) return [];
  return [element("li", { id: "troubles" }, element("p", { class: "strong" }, reason({ code: "reading_not_usable", values: { unusable_because: view.troubles.join(",") } })), element("p", { class: "clause" }, t("lane.or_by_hand", { key: "F2" })))];
}

// What became of the person before: after a referral the officer must see where to lead them.
function lastSaved({ saved, closed }) {
  if (!saved) return [];
  const where = saved.place_id ? t("lane.last_saved_place", { place: saved.place_id }) : "";
  const words = [word("Disposition", saved.outcome), where].filter((part) => part && part !== "—").join(" · ");
  return [noPlace(closed), element("li", {}, element("p", {}, t("lane.last_saved", { outcome: words || t("lane.recorded") })), element("p", { class: "clause" }, t("lane.saved", { saved_at: saved.recorded_at, number: `${saved.sequence}` })))].filter(Boolean);
}

function noPlace(closed) {
  if (!closed?.room_reason) return null;
  return element("li", {}, element("p", { class: "no-place" }, t(`refusal.${closed.room_reason}`)), element("p", {}, t(`refusal.${closed.room_reason}_do`)));
}

// The seconds in which a reading still binds by itself to the person presented.
function windowLine(view) {
  const due_at = new Date(new Date(view.now).getTime() + view.window_left_s * 1000).toISOString();
  const left = element("span", { class: "clock", "data-stops": "yes" });
  markClock(left, { due_at });
  return element("li", {}, element("p", {}, `${t("lane.reading_awaited")} `, left), element("p", { class: "clause" }, t("lane.scan_again")));
}

function reasonLine(one) {
  return element("li", {}, element("p", {}, reason(one)), clauseLine(one.citation));
}

function clauseLine(citation) {
  if (!citation) return null;
  return element("p", { class: "clause", title: citation.quote || null }, [citation.document, citation.clause].filter(Boolean).join(" · "));
}

const clockLine = (clock) => element("li", {}, ...deadline(clock));

// The deadline that ends first stands outside the list, which scrolls on a small screen.
function deadline(clock) {
  const left = element("span", { class: "clock" });
  markClock(left, clock);
  return [element("p", {}, `${word("ClockKind", clock.kind)} — ${t("lane.left")} `, left), clock.clause ? element("p", { class: "clause" }, clock.clause) : null].filter(Boolean);
}
