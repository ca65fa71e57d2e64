// The command page: is anything wrong anywhere, and is it obeyed? Silent gates are named, amber, never counted as 0.
import { read, Refused } from "../web/js/api.js";
import { learnNow } from "../web/js/clocks.js";
import { drawing, element, find, setMark, setText } from "../web/js/elements.js";
import { date, dateTime, integer, percent, time, timeOrDate, timeWithSeconds } from "../web/js/format.js";
import "../web/js/keys.js";
import { laneWords, placeName, t, word } from "../web/js/labels.js";
import { searching } from "../web/js/searching.js";
import { opening, redraw, sentence } from "./opening.js";

const REFRESH_MS = 5000;
const maySeeRows = document.body.dataset.maySeeRows === "yes";
const sift = searching(find("search"), () => document.querySelectorAll("#gates > tr, #coverage > tr"), { empty: find("no-gate") });

async function refresh() {
  try {
    const figures = await read("/api/command/figures");
    learnNow(figures.now);
    showHead(figures);
    showTiles(figures);
    showGates(figures);
    showCoverage(figures);
    showHours(figures);
    showOrders(figures.orders ?? [], figures.report_day);
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

// A withdrawn crossing is none: it is named apart, as the board of its gate leaves it out.
const standing = (figures) => figures.crossings - (figures.withdrawn ?? 0);

function tile(name, figure, line) {
  redraw(find(`tile-${name}`).querySelector(".figure"), ...[figure].flat());
  redraw(find(`tile-${name}`).querySelector(".line"), ...[line].flat());
}

// No figures is never nought: a gate that was heard long ago, or never, is named.
const isSilent = (gate) => !gate.is_suspended && (gate.is_silent || !gate.figures);
const NAMED = 3;
function silentNames(silent) {
  const named = silent.slice(0, NAMED).map(silentLine).join("; ");
  return silent.length > NAMED ? `${named}; ${t("command.and_others", { count: silent.length - NAMED })}` : named;
}

function showTiles({ totals = {}, standing: stands = 0, directions = {}, last_week = {}, isolation = {}, gates = [], report_day: day }) {
  const counted = (figure) => opening(totals[figure], { day, figure });
  const way = (direction) => opening(directions[direction], { day, figure: "crossings", standing: true, direction, scope: word("Direction", direction) });
  const compared = last_week?.crossings ? [" · ", t("command.than_last_week", { crossings: last_week.crossings })] : [];
  const withdrawn = totals.withdrawn ? [" · ", ...sentence("command.and_withdrawn", { withdrawn: counted("withdrawn") })] : [];
  tile("crossings", opening(stands, { day, figure: "crossings", standing: true }), [...sentence("command.in_and_out", { entry: way("entry"), exit: way("exit") }), ...withdrawn, ...compared]);
  const measured = stands > 0 ? opening(totals.measured, { day, figure: "measured", shown: percent(totals.measured / stands) }) : "—";
  tile("measured", measured, sentence("command.measured_line", { measured: counted("measured"), not_measured: counted("not_measured") }));
  tile("rechecked", [counted("suspected"), " / ", counted("confirmed")], sentence("command.rechecked_line", { cleared: counted("cleared_after_recheck") }));
  tile("isolated", inIsolation(isolation, totals), sentence("command.isolated_line", { isolated: counted("isolated"), referred: counted("referred") }));
  tile("refused", counted("refused"), sentence("command.refused_line", { redirected: counted("redirected") }));
  const silent = gates.filter(isSilent);
  find("tile-silent").classList.toggle("silent", silent.length > 0);
  tile("silent", silent.length ? element("a", { href: "#by-gate" }, integer(silent.length)) : integer(0), silent.length === 0 ? t("command.nobody_silent") : silentNames(silent));
}

// Who is isolated now, also since an earlier day: the desk lists them, for whoever may see it.
function inIsolation({ occupied, places }, { isolated }) {
  const shown = integer(occupied ?? isolated);
  const link = occupied && maySeeRows ? element("a", { href: "/desk", "aria-label": `${t("figures_page.open")}: ${t("command.isolated")}: ${shown}` }, shown) : shown;
  return places ? [link, element("span", { class: "of" }, ` / ${integer(places)}`)] : [link];
}

const silentLine = (gate) => (gate.pending_records && !gate.is_silent ? `${placeName(gate.name)}, ${t("command.awaited", { count: gate.pending_records })}` : gate.last_received_at ?? gate.silent_since ? t("command.silent_since", { gate: placeName(gate.name), since_at: gate.last_received_at ?? gate.silent_since }) : t("command.never_heard", { gate: placeName(gate.name) }));

let shownGates = "";
function showGates({ gates = [], report_day }) {
  setText(find("by-gate"), t("command.by_gate", { day_on: report_day }));
  const wanted = JSON.stringify([gates, report_day]);
  if (wanted === shownGates) return;
  shownGates = wanted;
  find("gates").replaceChildren(...gates.map((gate) => gateLine(gate, report_day)));
  sift();
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

function gateLine(gate, day) {
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
  const due = standing(figures);
  const asked = { day, gate: gate.point_of_entry_id };
  const way = (direction) => opening(gate[direction] ?? 0, { ...asked, figure: "crossings", standing: true, direction, scope: `${placeName(gate.name)}, ${word("Direction", direction)}` });
  const counted = (figure, shown = undefined) => opening(figures[figure], { ...asked, figure, scope: placeName(gate.name), shown });
  const cells = [way("entry"), way("exit"), due > 0 ? counted("measured", percent(figures.measured / due)) : "—", ...["suspected", "isolated", "refused", "pending"].map((figure) => counted(figure))];
  return element("tr", { class: tone }, name, ...cells.map((words) => element("td", { class: "number" }, words)), heard);
}

// What scanners saw, what lanes logged, and what else the gate wrote. Not reconciled is never nought.
let shownCoverage = "";
function showCoverage({ gates = [], report_day }) {
  find("coverage-rows").href = `/api/command/coverage.csv?day=${encodeURIComponent(report_day)}`;
  const wanted = JSON.stringify([report_day, gates.map((gate) => [gate.name, gate.coverage, gate.beside])]);
  if (wanted === shownCoverage) return;
  shownCoverage = wanted;
  const written = gates.filter((gate) => gate.coverage || Object.keys(gate.beside ?? {}).length);
  const nothing = element("tr", {}, element("td", { colspan: 11 }, t("command.nothing_reconciled")));
  find("coverage").replaceChildren(...(written.length ? written.map((gate) => coverageLine(gate, report_day)) : [nothing]));
  sift();
}

const sumOf = (beside, figure) => Object.values(beside?.[figure] ?? {}).reduce((sum, count) => sum + count, 0);
function coverageLine({ point_of_entry_id: gate, name, coverage, beside }, day) {
  const scope = placeName(name);
  const hours = `/api/command/coverage.csv?${new URLSearchParams({ day, gate })}`;
  const lanes = (count, key) => (count ? element("a", { href: hours, download: "", "aria-label": `${t("command.coverage_rows")}: ${t(`command.${key}`)}, ${scope}: ${integer(count)}` }, integer(count)) : integer(count));
  const covered = (figure, key) => (coverage ? lanes(coverage.figures[figure], key) : t("command.not_reconciled"));
  const listed = coverage?.hours_listed ? lanes(coverage.figures.listed_not_logged, "listed_not_logged") : t("command.no_list");
  const wrote = (figure) => opening(sumOf(beside, figure), { day, gate, figure, kind: "beside", scope });
  const cells = [covered("seen", "passages_seen"), covered("logged", "crossings_logged"), covered("seen_not_logged", "seen_not_logged"), covered("not_measured", "unmeasured"), listed, ...["declarations", "slips_issued", "shifts_opened", "own_temperatures_raised"].map(wrote), coverage ? time(coverage.as_of) : "—"];
  const isOpen = coverage && (coverage.figures.seen_not_logged > 0 || coverage.figures.not_measured > 0);
  return element("tr", { class: isOpen ? "silent" : null }, element("th", { scope: "row" }, placeName(name)), ...cells.map((words) => element("td", { class: "number" }, words)));
}

function showHours({ hours = [], hours_last_week = [], report_day }) {
  find("hours-rows").href = `/reports/${encodeURIComponent(report_day)}/figures#by=hour`;
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
function showOrders(orders, day) {
  const wanted = JSON.stringify([orders, day]);
  if (wanted === shownOrders && orders.length) return;
  shownOrders = wanted;
  if (orders.length === 0) {
    find("orders").replaceChildren(element("li", {}, t("command.no_orders")));
    return;
  }
  find("orders").replaceChildren(...orders.map((order) => element("li", { "data-state": order.state ?? null }, element("p", {}, placeName(order.title)), element("p", { class: "small" }, ...orderLine(order, day)))));
}

// Which gates have fetched the order: those that have not are named.
function reachLine({ reached, gates, not_reached = [] }) {
  if (reached === null || reached === undefined) return null;
  const words = t("command.reached", { reached, gates });
  return not_reached.length ? `${words} (${t("command.not_reached", { gates: not_reached.map(placeName).join(", ") })})` : words;
}

// How often an order was applied opens the crossings whose verdicts name it, for whoever may see rows.
function appliedLine({ applied, order_id, title }, day) {
  if (applied === null || applied === undefined) return null;
  if (!maySeeRows) return t("command.applied", { count: applied });
  return sentence("command.applied", { count: opening(applied, { day, figure: "crossings", rule: order_id, scope: placeName(title) }) });
}

function orderLine(order, day) {
  const moment = (value) => (String(value).length === 10 ? date(value) : dateTime(value));
  const parts = [order.document, order.clause, order.state && word("OrderState", order.state), order.from && t("command.order_from", { from: moment(order.from) }), order.to && t("command.order_to", { to: moment(order.to) }), appliedLine(order, day), reachLine(order)];
  return parts.filter(Boolean).flatMap((part, place) => [place ? " · " : "", part].flat());
}

await refresh();
setInterval(refresh, REFRESH_MS);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
