// Limits that follow their devices, how each moved and why, and the charts of drift with a table beside each.
import { read, Refused, send } from "../web/js/api.js";
import { drawing, element, find, setText } from "../web/js/elements.js";
import { celsius, date, hundredth, integer, time } from "../web/js/format.js";
import { ask, selectField } from "../web/js/dialogs.js";
import { laneWords, t, word } from "../web/js/labels.js";
import { searching } from "./rows.js";

const REASONS = ["device_serviced", "device_moved", "wrong_second_measurements", "trial_readings", "looked_into"];
const WIDTH = 720, HEIGHT = 180;
const mayAct = "mayAct" in document.querySelector("main").dataset;
const again = searching(find("search"), () => [...find("limits").children, ...find("changes").children, ...find("findings").children, ...find("charts").children]);
let shown = null;

async function attempt(work) {
  setText(find("error"), "");
  try {
    await work();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

// Limits move by hundredths: what was before and after must not look the same.
const degrees = (value) => (value === null ? "—" : `${hundredth(value)}\u00a0°C`);
const percent = (share) => (share === null ? "—" : `${integer(Math.round(share * 100))} %`);
const when = (at) => `${date(at)} ${time(at)}`;
const where = (row) => `${row.device_id} · ${laneWords(shown.lanes[row.lane_id] ?? row.lane_id)}`;

async function refresh() {
  shown = await read("/api/watch");
  const findings = shown.devices.flatMap((device) => device.suspicions.map((one) => finding(device, one)));
  find("findings").replaceChildren(...(findings.length ? findings : [element("li", {}, t("watch_page.nothing_found"))]));
  find("limits").replaceChildren(...shown.limits.map(limitRow));
  find("changes").replaceChildren(...shown.changes.map(changeRow));
  find("charts").replaceChildren(...shown.charts.map(chartCard));
  for (const part of ["limits", "changes", "charts"]) find(`no-${part}`).hidden = shown[part].length > 0;
  again();
}

function finding(device, one) {
  const figures = { observed: Math.round(one.observed * 100) / 100, expected: Math.round(one.expected), from_c: one.from_c?.toFixed(1) ?? "", to_c: one.to_c?.toFixed(1) ?? "" };
  const words = element("span", {}, `■ ${where(device)}: ${t(`SuspicionCode.${one.code}`, figures)} (${when(one.at)})`);
  return element("li", { class: "row" }, words, ...(mayAct ? [restartButton(device)] : []));
}

function restartButton(device) {
  const button = element("button", { type: "button", class: "button" }, t("watch_page.watch_anew"));
  button.addEventListener("click", () => decide("watch_page.watch_anew", "/api/watch/restart", { device_id: device.device_id }));
  return button;
}

function limitRow(limit) {
  const bounds = limit.lowest_c === null ? "—" : `${celsius(limit.lowest_c)} – ${celsius(limit.highest_c)}`;
  const share = limit.target === null ? "—" : t("watch_page.of_target", { share: percent(limit.false_alarm_share), target: percent(limit.target) });
  const clause = limit.citation ? `${limit.citation.document}, ${limit.citation.clause}` : t("watch_page.not_in_force");
  return element("tr", {}, element("th", { scope: "row" }, where(limit)), element("td", {}, word("MeasuringSite", limit.site)), element("td", {}, word("ThresholdMethod", limit.method)), element("td", { class: "number" }, degrees(limit.limit_c)), element("td", {}, bounds), element("td", { class: "number" }, share), element("td", { class: "number" }, integer(limit.settled)), element("td", {}, clause));
}

function changeRow(change) {
  const standing = element("td", {}, change.reversed_at ? t("watch_page.reversed", { at: when(change.reversed_at) }) : "");
  if (mayAct && change.is_latest) {
    const { device_id, lane_id, kind, site, number } = change;
    const button = element("button", { type: "button", class: "button" }, t("watch_page.reverse"));
    button.addEventListener("click", () => decide("watch_page.reverse", "/api/watch/reverse", { device_id, lane_id, kind, site, number }));
    standing.append(button);
  }
  return element("tr", {}, element("td", {}, when(change.at)), element("th", { scope: "row" }, where(change)), element("td", {}, word("MeasuringSite", change.site)), element("td", { class: "number" }, degrees(change.before_c)), element("td", { class: "number" }, degrees(change.after_c)), element("td", {}, word("ThresholdReason", change.reason)), standing);
}

function decide(key, address, command) {
  ask({
    title: t(key),
    fields: [selectField({ name: "reason", label: t("watch_page.reason"), choices: REASONS.map((reason) => [reason, word("ReversalReason", reason)]) })],
    submitKey: key,
    submit: async ({ reason }) => {
      await send(address, { ...command, reason });
      await refresh();
    },
  });
}

function chartCard(chart, number) {
  const title = `${where(chart)}: ${word("DriftSubject", chart.subject)}, ${word("MeasuringSite", chart.site)}`;
  const alarm = chart.alarm ? t("watch_page.drifted", { shift: hundredth(chart.alarm.estimated_shift_c), readings: integer(chart.alarm.over_readings) }) : t("watch_page.steady");
  const table = element("table", {}, element("caption", {}, title), element("thead", {}, element("tr", {}, ...["at", "value", "upward", "downward"].map((key) => element("th", { scope: "col" }, t(`watch_page.${key}`))))), element("tbody", {}, ...chart.points.toReversed().map(pointRow)));
  const folded = element("details", {}, element("summary", {}, t("watch_page.as_table")), element("div", { class: "wide", tabindex: "0", role: "group", "aria-label": title }, table));
  return element("section", { class: "card", "aria-labelledby": `chart-${number}` }, element("h2", { id: `chart-${number}` }, title), element("p", {}, `${chart.alarm ? "■" : "✓"} ${alarm}`), drawn(chart, title), folded);
}

function pointRow(point) {
  return element("tr", {}, element("th", { scope: "row" }, when(point.at)), element("td", { class: "number" }, `${point.value_c.toFixed(2)}`), element("td", { class: "number" }, point.upward.toFixed(1)), element("td", { class: "number" }, `${point.downward.toFixed(1)}${point.is_drifting ? " ■" : ""}`));
}

// Both sums in spreads; the dotted line is the height from which a sum is an alarm.
function drawn(chart, title) {
  const highest = Math.max(chart.height * 1.2, ...chart.points.map((point) => Math.max(point.upward, point.downward)));
  const x = (place) => 40 + ((WIDTH - 50) * place) / Math.max(1, chart.points.length - 1);
  const y = (sum) => HEIGHT - 24 - ((HEIGHT - 40) * sum) / highest;
  const line = (name) => drawing("polyline", { class: name, points: chart.points.map((point, place) => `${x(place).toFixed(1)},${y(point[name]).toFixed(1)}`).join(" ") });
  const marks = chart.points.flatMap((point, place) => (point.is_drifting ? [drawing("circle", { class: "drifting", cx: x(place), cy: y(Math.max(point.upward, point.downward)), r: 5 })] : []));
  const words = [drawing("text", { x: 2, y: y(chart.height) + 4 }, chart.height.toFixed(0)), drawing("text", { x: 2, y: y(0) + 4 }, "0"), drawing("text", { x: 44, y: HEIGHT - 4 }, t("watch_page.legend"))];
  return drawing("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title }, drawing("line", { class: "height", x1: 40, x2: WIDTH - 10, y1: y(chart.height), y2: y(chart.height) }), line("upward"), line("downward"), ...marks, ...words);
}

attempt(refresh);
setInterval(() => document.querySelector("dialog[open], details[open]") ?? attempt(refresh), 10_000);
