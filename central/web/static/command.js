// The command page: is anything wrong anywhere, and is it obeyed? Silent gates are named, amber, never counted as 0.
import { read, Refused } from "../web/js/api.js";
import { learnNow } from "../web/js/clocks.js";
import { drawing, element, find, setMark, setText } from "../web/js/elements.js";
import { date, dateTime, integer, percent, time, timeOrDate, timeWithSeconds } from "../web/js/format.js";
import { laneWords, placeName, t, word } from "../web/js/labels.js";

const REFRESH_MS = 5000;

async function refresh() {
  try {
    const figures = await read("/api/command/figures");
    learnNow(figures.now);
    showHead(figures);
    showTiles(figures);
    showGates(figures);
    showCoverage(figures);
    showHours(figures);
    showOrders(figures.orders ?? []);
    setMark(find("live"), "lamp", "go");
    setText(find("live"), t("desk.live"));
    setText(find("error"), "");
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setMark(find("live"), "lamp", "wait");
    setText(find("live"), t("desk.stale"));
    setText(find("error"), problem.words);
  }
}

function showHead(figures) {
  if (figures.province) setText(find("place"), `${t("command.title")} · ${placeName(figures.province)}`);
  showScenario(figures.scenario);
  setText(find("as-of"), t("command.as_of", { as_of: timeWithSeconds(figures.as_of) }));
  setText(find("ledger"), figures.ledger ? t("command.ledger", { position: figures.ledger.position }) : "");
  setText(find("identities"), figures.identities_hold ? t("command.identities_hold") : "");
  showBroken(figures);
}

// The scenario in force, since when, by which clause, and where if not everywhere.
function showScenario(scenario) {
  setText(find("scenario"), scenario ? `${word("ResponseScenario", scenario.scenario)} · ${t("command.scenario_since", { since_at: scenario.from })}` : t("command.no_scenario"));
  const where = (scenario?.gates ?? []).map(placeName).join(", ");
  setText(find("scenario-clause"), scenario ? [scenario.document, scenario.clause, where].filter(Boolean).join(" · ") : "");
}

// Figures that do not add up are said where, in red, before anybody reads them.
let shownBroken = "";
function showBroken({ broken_identities = [] }) {
  if (JSON.stringify(broken_identities) === shownBroken) return;
  shownBroken = JSON.stringify(broken_identities);
  find("broken").replaceChildren(...broken_identities.map((one) => element("li", {}, brokenLine(one))));
}

function brokenLine({ gate, figure, left, right }) {
  const where = gate ? placeName(gate) : t("command.whole_province");
  return t("command.identity_broken", { gate: where, figure: word("figure", figure), left, right });
}

function tile(name, figure, line, { of = "" } = {}) {
  const node = find(`tile-${name}`).querySelector(".figure");
  const wanted = `${figure}${of}`;
  if (node.textContent !== wanted) node.replaceChildren(figure, of ? element("span", { class: "of" }, of) : "");
  setText(find(`tile-${name}`).querySelector(".line"), line);
}

// No figures is never nought: a gate that was heard long ago, or never, is named.
const isSilent = (gate) => !gate.is_suspended && (gate.is_silent || !gate.figures);
const NAMED = 3;
function silentNames(silent) {
  const named = silent.slice(0, NAMED).map(silentLine).join("; ");
  return silent.length > NAMED ? `${named}; ${t("command.and_others", { count: silent.length - NAMED })}` : named;
}

function showTiles({ totals = {}, directions = {}, last_week = {}, isolation = {}, gates = [] }) {
  const compared = !last_week?.crossings ? "" : ` · ${t("command.than_last_week", { crossings: last_week.crossings })}`;
  tile("crossings", integer(totals.crossings), t("command.in_and_out", { entry: directions.entry, exit: directions.exit }) + compared);
  const due = (totals.crossings ?? 0) - (totals.withdrawn ?? 0);
  tile("measured", due > 0 ? percent(totals.measured / due) : "—", t("command.measured_line", { measured: totals.measured, not_measured: totals.not_measured }));
  tile("rechecked", `${integer(totals.suspected)} / ${integer(totals.confirmed)}`, t("command.rechecked_line", { cleared: totals.cleared_after_recheck }));
  tile("isolated", integer(isolation.occupied ?? totals.isolated), t("command.isolated_line", { isolated: totals.isolated, referred: totals.referred }), { of: isolation.places ? ` / ${integer(isolation.places)}` : "" });
  tile("refused", integer(totals.refused), t("command.refused_line", { redirected: totals.redirected }));
  const silent = gates.filter(isSilent);
  find("tile-silent").classList.toggle("silent", silent.length > 0);
  tile("silent", integer(silent.length), silent.length === 0 ? t("command.nobody_silent") : silentNames(silent));
}

const silentLine = (gate) => (gate.pending_records && !gate.is_silent ? `${placeName(gate.name)}, ${t("command.awaited", { count: gate.pending_records })}` : gate.last_received_at ?? gate.silent_since ? t("command.silent_since", { gate: placeName(gate.name), since_at: gate.last_received_at ?? gate.silent_since }) : t("command.never_heard", { gate: placeName(gate.name) }));

let shownGates = "";
function showGates({ gates = [], report_day }) {
  setText(find("by-gate"), t("command.by_gate", { day_on: report_day }));
  if (JSON.stringify(gates) === shownGates) return;
  shownGates = JSON.stringify(gates);
  find("gates").replaceChildren(...gates.map(gateLine));
}

// One edge of the gate: how far its journal is here, and what is missing of it. What is nought is not said, but loss.
const OWED = ["pending", "lost", "recovered", "quarantined", "unprojected"];
function unitLine(unit) {
  const owed = OWED.filter((name) => unit[`${name}_records`] > 0).map((name) => t(`command.owed_${name}`, { count: unit[`${name}_records`] }));
  const head = t("command.unit_head", { edge: unit.edge_id, incarnation: unit.incarnation, sequence: unit.sequence });
  return element("span", { class: "unit small dim" }, [head, ...owed].join(" · "));
}

// A device that is not well, with its lane: shape and words, never colour alone.
const GRAVE = ["down", "misconfigured", "out_of_calibration", "suspicious"];
function deviceLine({ device_id, lane_id, condition, since }) {
  const mark = GRAVE.includes(condition) ? "■" : "▲";
  return element("span", { class: "unit small" }, `${mark} ${[laneWords(lane_id), device_id].filter(Boolean).join(" · ")}: ${word("DeviceCondition", condition)} · ${timeOrDate(since)}`);
}

function gateLine(gate) {
  const name = element("th", { scope: "row" }, placeName(gate.name), ...(gate.units ?? []).map(unitLine), ...(gate.devices ?? []).map(deviceLine));
  if (gate.is_suspended) {
    const where = gate.redirect_to ? t("command.suspended_to", { gate: placeName(gate.redirect_to) }) : t("command.suspended");
    return element("tr", {}, name, element("td", { colspan: 8, class: "suspended" }, where));
  }
  const figures = gate.figures;
  const heard = element("td", { class: "number heard" }, time(gate.last_received_at));
  const tone = isSilent(gate) ? "silent" : null;
  if (!figures) {
    const why = gate.pending_records ? t("command.awaited", { count: gate.pending_records }) : t("command.no_figures");
    return element("tr", { class: gate.pending_records ? "silent" : tone }, name, element("td", { colspan: 7 }, why), heard);
  }
  const due = figures.crossings - (figures.withdrawn ?? 0);
  const cells = [integer(gate.entry ?? 0), integer(gate.exit ?? 0), due > 0 ? percent(figures.measured / due) : "—", integer(figures.suspected), integer(figures.isolated), integer(figures.refused), integer(figures.pending)];
  return element("tr", { class: tone }, name, ...cells.map((words) => element("td", { class: "number" }, words)), heard);
}

// What scanners saw, what lanes logged, and what else the gate wrote. Not reconciled is never nought.
let shownCoverage = "";
function showCoverage({ gates = [], report_day }) {
  find("coverage-rows").href = `/api/command/coverage.csv?day=${encodeURIComponent(report_day)}`;
  const wanted = JSON.stringify(gates.map((gate) => [gate.name, gate.coverage, gate.beside]));
  if (wanted === shownCoverage) return;
  shownCoverage = wanted;
  const written = gates.filter((gate) => gate.coverage || Object.keys(gate.beside ?? {}).length);
  const nothing = element("tr", {}, element("td", { colspan: 11 }, t("command.nothing_reconciled")));
  find("coverage").replaceChildren(...(written.length ? written.map(coverageLine) : [nothing]));
}

const sumOf = (beside, figure) => Object.values(beside?.[figure] ?? {}).reduce((sum, count) => sum + count, 0);
function coverageLine({ name, coverage, beside }) {
  const covered = (figure) => (coverage ? integer(coverage.figures[figure]) : t("command.not_reconciled"));
  const listed = coverage?.hours_listed ? integer(coverage.figures.listed_not_logged) : t("command.no_list");
  const cells = [covered("seen"), covered("logged"), covered("seen_not_logged"), covered("not_measured"), listed, ...["declarations", "slips_issued", "shifts_opened", "own_temperatures_raised"].map((figure) => integer(sumOf(beside, figure))), coverage ? time(coverage.as_of) : "—"];
  const isOpen = coverage && (coverage.figures.seen_not_logged > 0 || coverage.figures.not_measured > 0);
  return element("tr", { class: isOpen ? "silent" : null }, element("th", { scope: "row" }, placeName(name)), ...cells.map((words) => element("td", { class: "number" }, words)));
}

function showHours({ hours = [], hours_last_week = [] }) {
  const most = Math.max(1, ...hours, ...hours_last_week), height = 185;
  const bars = [];
  for (let hour = 0; hour < 24; hour += 1) {
    const x = 8 + hour * 29.5, before = ((hours_last_week[hour] ?? 0) / most) * height, today = ((hours[hour] ?? 0) / most) * height;
    if (before > 0) bars.push(drawing("rect", { class: "bar-before", x, y: height + 8 - before, width: 22, height: before }));
    if (today > 0) bars.push(drawing("rect", { class: "bar-today", x: x + 4, y: height + 8 - today, width: 14, height: today }, drawing("title", {}, `${t("command.hour", { hour: String(hour) })}: ${integer(hours[hour])}`)));
    if (hour % 3 === 0) bars.push(drawing("text", { class: "axis", x: x + 11, y: height + 28, "text-anchor": "middle" }, t("command.hour", { hour: String(hour) })));
  }
  bars.push(drawing("line", { x1: 4, x2: 716, y1: height + 8.5, y2: height + 8.5, stroke: "currentColor", "stroke-opacity": 0.35 }));
  find("hours").replaceChildren(...bars);
}

let shownOrders = "";
function showOrders(orders) {
  if (JSON.stringify(orders) === shownOrders && orders.length) return;
  shownOrders = JSON.stringify(orders);
  if (orders.length === 0) {
    find("orders").replaceChildren(element("li", {}, t("command.no_orders")));
    return;
  }
  find("orders").replaceChildren(...orders.map((order) => element("li", { "data-state": order.state ?? null }, element("p", {}, placeName(order.title)), element("p", { class: "small" }, orderLine(order)))));
}

// Which gates have fetched the order: those that have not are named.
function reachLine({ reached, gates, not_reached = [] }) {
  if (reached === null || reached === undefined) return null;
  const words = t("command.reached", { reached, gates });
  return not_reached.length ? `${words} (${t("command.not_reached", { gates: not_reached.map(placeName).join(", ") })})` : words;
}

function orderLine(order) {
  const day = (value) => (String(value).length === 10 ? date(value) : dateTime(value));
  return [order.document, order.clause, order.state && word("OrderState", order.state), order.from && t("command.order_from", { from: day(order.from) }), order.to && t("command.order_to", { to: day(order.to) }), order.applied === null || order.applied === undefined ? null : t("command.applied", { count: order.applied }), reachLine(order)].filter(Boolean).join(" · ");
}

await refresh();
setInterval(refresh, REFRESH_MS);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
