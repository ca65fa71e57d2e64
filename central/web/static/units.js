// Which edges report, how far, when they were last heard, and which alarms stand: no traveller appears here.
import { read, Refused } from "../web/js/api.js";
import { element, find, setMark, setText } from "../web/js/elements.js";
import { date, dateTime, integer } from "../web/js/format.js";
import { placeName, t, word } from "../web/js/labels.js";

const SHOWN_OF_HASH = 16;

async function refresh() {
  try {
    const { edges = [], alarms = [] } = await read("/api/units");
    showEdges(edges);
    showAlarms(alarms);
    setMark(find("live"), "lamp", alarms.length ? "stop" : edges.some((edge) => edge.is_silent) ? "wait" : "go");
    setText(find("live"), t("units_page.live"));
    setText(find("error"), "");
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setMark(find("live"), "lamp", "wait");
    setText(find("live"), t("units_page.stale"));
    setText(find("error"), problem.words);
  }
}

let shownEdges = "";
function showEdges(edges) {
  if (JSON.stringify(edges) === shownEdges) return;
  shownEdges = JSON.stringify(edges);
  find("units").replaceChildren(...edges.map(edgeLine));
}

function edgeLine(edge) {
  const [state, tone] = edge.revoked_at ? [t("units_page.revoked", { revoked_at: edge.revoked_at }), "stop"] : edge.is_silent ? [t("units_page.silent"), "wait"] : [t("units_page.heard"), null];
  return element(
    "tr",
    { "data-tone": tone === "wait" ? "wait" : null },
    element("th", { scope: "row" }, edge.edge_id),
    element("td", {}, placeName(edge.name)),
    element("td", {}, element("span", { class: "chip", "data-tone": tone ?? "go" }, state)),
    element("td", { class: "number" }, edge.last_contact_at ? dateTime(edge.last_contact_at) : t("units_page.never")),
    element("td", { class: "number" }, integer(edge.sequence)),
    element("td", { class: "number" }, integer(edge.incarnation)),
    element("td", { class: "number" }, date(edge.enrolled_at)),
  );
}

let shownAlarms = "";
function showAlarms(alarms) {
  find("no-alarms").hidden = alarms.length > 0;
  find("alarm-table").hidden = alarms.length === 0;
  if (JSON.stringify(alarms) === shownAlarms) return;
  shownAlarms = JSON.stringify(alarms);
  find("alarms").replaceChildren(...alarms.map(alarmLine));
}

function alarmLine(alarm) {
  const hashes = t("units_page.both_hashes", { expected: alarm.expected_hash.slice(0, SHOWN_OF_HASH), found: alarm.found_hash.slice(0, SHOWN_OF_HASH) });
  return element(
    "tr",
    {},
    element("td", { class: "number" }, dateTime(alarm.raised_at)),
    element("th", { scope: "row" }, alarm.edge_id),
    element("td", {}, element("span", { class: "chip", "data-tone": "stop" }, word("units_page", `alarm_${alarm.kind}`))),
    element("td", { class: "number" }, `${integer(alarm.incarnation)} · ${integer(alarm.sequence)}`),
    element("td", { class: "hash" }, hashes),
  );
}

await refresh();
setInterval(refresh, 5000);
