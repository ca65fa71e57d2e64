// The gate head's board: is the gate flowing, and who waits? Figures change in place; each opens its rows.
import { read, Refused } from "../web/js/api.js";
import { learnNow, now_ms } from "../web/js/clocks.js";
import { element, find, setMark, setText } from "../web/js/elements.js";
import { duration, integer, percent, tenth, time, timeWithSeconds } from "../web/js/format.js";
import { has, laneWords, placeName, t, word } from "../web/js/labels.js";
import { rowsPart } from "./rows.js";

const REFRESH_MS = 4000, STALE_MS = 20000, BUSY_SHARE = 0.85;
const ONLINE = ["idle", "asking_head", "pushing", "renewing", "testifying", "online"];
const LANE_FIGURES = ["crossings", "measured", "not_measured", "alarms", "refused"];
let board = null, heard = 0;

const laneName = (laneId) => laneWords(board?.lanes.find((lane) => lane.lane_id === laneId)?.label ?? (laneId || "—"));
const rows = rowsPart({ laneName });
const one = (seconds) => (seconds === null ? "—" : tenth(seconds));

async function guarded(work) {
  try {
    await work();
    setText(find("error"), "");
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

// A figure is a button from the start, so that nothing moves when its rows can be opened.
function figure(name, laneId, label) {
  return element("button", { type: "button", class: "figure", "data-figure": name, "data-lane": laneId, "aria-label": label, onclick: () => guarded(() => rows.open(name, laneId)) });
}

function putFigure(cell, name, laneId, text, tone = "") {
  if (!cell.firstElementChild) cell.replaceChildren(figure(name, laneId, ""));
  const button = cell.firstElementChild;
  setText(button, text);
  setMark(button, "tone", tone);
  button.setAttribute("aria-label", `${t(`board.${name}`)}: ${text}. ${laneId ? laneName(laneId) : t("board.all_lanes")}`);
}

// What has a page of its own opens there.
function putLink(cell, name, address, text) {
  if (!cell.firstElementChild) cell.replaceChildren(element("a", { class: "figure", href: address }));
  setText(cell.firstElementChild, text);
  cell.firstElementChild.setAttribute("aria-label", `${t(`board.${name}`)}: ${text}`);
}

function tile(name, { text, more, tone = "none", opens }) {
  setMark(find(`tile-${name}`), "tone", tone);
  if (opens.startsWith("/")) putLink(find(`${name}-figure`), name, opens, text);
  else putFigure(find(`${name}-figure`), opens, "", text);
  setText(find(`${name}-more`), more);
}

function showTiles() {
  const { today, pace, isolation, coverage } = board;
  tile("crossings", { text: integer(today.crossings), more: `${t("board.measured")} ${integer(today.measured)} · ${today.crossings ? percent(today.measured / today.crossings) : "—"}`, tone: today.not_measured > 0 ? "wait" : "none", opens: "crossings" });
  tile("pace", { text: one(pace.p50_s), more: pace.count ? t("board.pace_spread", { count: pace.count }).replace("{p95}", one(pace.p95_s)) : t("board.pace_none"), opens: "pace" });
  const { spread } = isolation;
  tile("isolation", { text: spread.count ? duration(spread.p50_s) : "—", more: spread.count ? t("board.isolation_spread", { p95: duration(spread.p95_s), count: spread.count, open: isolation.open }) : t("board.isolation_none", { open: isolation.open }), tone: isolation.open > 0 ? "stop" : "none", opens: "isolation" });
  tile("rooms", { text: isolation.places ? `${integer(isolation.occupied)} / ${integer(isolation.places)}` : "—", more: isolation.places ? t("board.rooms_of", { occupied: isolation.occupied, places: isolation.places }) : t("board.rooms_none"), tone: isolation.places && isolation.occupied >= isolation.places ? "stop" : "none", opens: "/isolation" });
  tile("coverage", { text: coverage.gaps === null ? "—" : integer(coverage.gaps), more: coverage.gaps === null ? t("board.coverage_none", { waiting: coverage.waiting_hours }) : t("board.coverage_line", { seen: coverage.seen, logged: coverage.logged, gaps: coverage.gaps, hours: coverage.hours, waiting: coverage.waiting_hours }), tone: coverage.gaps > 0 ? "stop" : coverage.gaps === null || coverage.waiting_hours > 0 ? "wait" : "none", opens: "/coverage" });
  const { uplink } = board;
  const isOnline = ONLINE.includes(uplink.state), reason = has(`uplink_reason.${uplink.reason}`) ? t(`uplink_reason.${uplink.reason}`) : "";
  tile("uplink", { text: isOnline ? "✓" : uplink.state === "halted" || reason ? "■" : "▲", more: [reason || (isOnline ? t("lane.uplink_good") : uplink.since ? t("lane.uplink_lost", { since_at: uplink.since, pending: uplink.pending }) : t("lane.uplink_off", { pending: uplink.pending }))].join(" "), tone: isOnline && !reason ? "none" : uplink.state === "halted" || reason ? "stop" : "wait", opens: "/devices" });
}

function laneRow(lane) {
  const known = document.getElementById(`lane-${lane.lane_id}`);
  if (known) return known;
  const cells = ["standing", "pace", "queue", ...LANE_FIGURES, "devices"].map((name) => element("td", { class: LANE_FIGURES.includes(name) ? "number" : null, "data-cell": name }));
  const row = element("tr", { id: `lane-${lane.lane_id}` }, element("th", { scope: "row" }, laneWords(lane.label), element("span", { class: "dim small lane-direction" }, word("Direction", lane.direction))), ...cells);
  find("lanes").append(row);
  return row;
}

function standing(lane) {
  const since = lane.occupied_s === null ? "" : duration(lane.occupied_s);
  if (lane.phase === "awaiting_recheck") return [t("board.lane_alarm", { since }), "stop"];
  if (lane.phase !== "empty") return [t("board.lane_busy", { since }), lane.attended_since === null ? "wait" : "none"];
  return lane.attended_since === null ? [t("board.unattended"), "wait"] : [t("board.lane_empty"), "none"];
}

function showLane(lane) {
  const cell = (name) => laneRow(lane).querySelector(`[data-cell="${name}"]`);
  const [words, tone] = standing(lane);
  const mark = { stop: "■ ", wait: "▲ ", none: "" }[tone];
  setText(cell("standing"), mark + words + (lane.has_next ? ` · ${t("board.has_next")}` : ""));
  setMark(cell("standing"), "tone", tone);
  putFigure(cell("pace"), "pace", lane.lane_id, lane.pace.count ? `${one(lane.pace.p50_s)} · ${one(lane.pace.p95_s)}` : "—");
  showQueue(cell("queue"), lane);
  for (const name of LANE_FIGURES) putFigure(cell(name), name, lane.lane_id, integer(lane.today[name]), ["not_measured", "alarms"].includes(name) && lane.today[name] > 0 ? "stop" : "");
  const conditionOf = (device) => device.condition ?? device.state;
  const isGrave = (device) => ["down", "misconfigured", "out_of_calibration", "suspicious"].includes(conditionOf(device));
  const bad = lane.devices.filter((device) => conditionOf(device) !== "up");
  const told = bad.length ? bad.map((device) => `${isGrave(device) ? "■" : "▲"} ${device.device_id}: ${word("DeviceCondition", conditionOf(device))}`).join(", ") : `✓ ${lane.devices.length}`;
  if (lane.devices.length === 0) setText(cell("devices"), "—");
  else putLink(cell("devices"), "devices", `/devices#${encodeURIComponent(lane.lane_id)}`, told);
  setMark(cell("devices"), "tone", bad.some(isGrave) ? "stop" : bad.length ? "wait" : "none");
}

function showQueue(cell, lane) {
  const { queue } = lane;
  if (queue.waiting === null) {
    cell.replaceChildren(element("span", { class: "dim small" }, `— ${t(`board.queue_${queue.basis}`)}`));
    return;
  }
  if (cell.firstElementChild?.tagName !== "BUTTON") cell.replaceChildren();
  const wait = queue.waiting > 0 && queue.wait_s !== null ? ` · ${t("board.queue_wait", { wait: duration(queue.wait_s) })}` : "";
  putFigure(cell, "queue", lane.lane_id, `${integer(queue.waiting)}${wait}`);
}

function showPlan() {
  const more = Math.max(0, Number(find("more-people").value) || 0);
  find("plan").replaceChildren(...board.loads.map((load) => {
    const direction = word("Direction", load.direction);
    if (load.p50_s === null) return element("li", {}, t("board.plan_unknown", { direction, open: load.lanes_open }));
    const per_hour = load.per_hour + more, needed = Math.max(1, Math.ceil((per_hour * load.p50_s) / 3600 / BUSY_SHARE));
    const isShort = needed > load.lanes_open;
    return element("li", { "data-tone": isShort ? "wait" : "none" }, `${isShort ? "▲ " : "✓ "}${t("board.plan_line", { direction, per_hour, open: load.lanes_open, capacity: load.capacity_per_hour, needed })}`);
  }));
}

const fill = (id, lines, emptyKey) => find(id).replaceChildren(...(lines.length ? lines : [element("li", { class: "dim" }, emptyKey ? t(emptyKey) : "0")]));

function showSide() {
  fill("open-alarms", board.alarms.map((alarm) => {
    const since = element("span", { class: "clock", "data-since": alarm.since });
    return element("li", {}, element("a", { href: "/isolation" }, t("board.waits_line", { lane: laneName(alarm.lane_id), state: word("Disposition", alarm.disposition), place: alarm.place_id ?? "—" })), since);
  }), "board.nobody_waits");
  fill("officers", board.officers.map((officer) => element("li", {}, t("board.officer_line", { name: officer.name, lane: laneName(officer.lane_id), opened: time(officer.opened_at) }))), "board.officers_none");
  const sent = Object.entries(board.redirected).map(([gate, count]) => {
    const line = element("li", {}, `${placeName(Object.keys(board.gate_of[gate] ?? {}).length ? board.gate_of[gate] : gate)} `);
    line.append(figure("redirected", "", `${t("board.redirected")}: ${count}`));
    setText(line.lastElementChild, integer(count));
    return line;
  });
  fill("redirected", sent, null);
  tickSince();
}

function tickSince() {
  for (const node of document.querySelectorAll("[data-since]")) setText(node, duration((now_ms() - new Date(node.dataset.since).getTime()) / 1000));
}

function showAge() {
  if (board === null) return;
  const isStale = Date.now() - heard > STALE_MS;
  setMark(find("as-of"), "tone", isStale ? "wait" : "none");
  setText(find("as-of"), t(isStale ? "board.stale" : "board.as_of", { now: timeWithSeconds(board.now) }));
  tickSince();
}

function show(next) {
  board = next;
  heard = Date.now();
  learnNow(next.now);
  setText(find("place"), placeName(next.gate_names));
  showTiles();
  for (const lane of next.lanes) showLane(lane);
  setText(find("queue-how"), t("board.queue_how", { minutes: next.lanes[0] ? next.lanes[0].queue.window_s / 60 : 10 }));
  showPlan();
  showSide();
  showAge();
}

const refresh = () => guarded(async () => show(await read("/api/board")));
find("more-people").addEventListener("input", () => board && showPlan());
await refresh();
setInterval(refresh, REFRESH_MS);
setInterval(showAge, 1000);
