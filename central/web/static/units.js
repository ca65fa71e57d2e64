// Which edges report and may report, how far, and what is wrong and what to do about it: no traveller appears here.
import { read, Refused, send } from "../web/js/api.js";
import { ask, inputField, selectField, textField } from "../web/js/dialogs.js";
import { element, find, setMark, setText } from "../web/js/elements.js";
import { dateTime, integer, time } from "../web/js/format.js";
import "../web/js/keys.js";
import { placeName, t, word } from "../web/js/labels.js";

const SHOWN_OF_HASH = 16;
const mayAct = Boolean(document.getElementById("new-code"));
const REASONS = ["destroyed", "stolen", "lost", "replaced", "compromised", "duplicate", "retired", "other"];
let gates = [];
let known = [];

async function refresh() {
  try {
    const units = await read("/api/units");
    gates = units.gates ?? [];
    known = units.edges ?? [];
    showEdges(known);
    showAlarms(units.alarms ?? [], units.cleared_alarms ?? []);
    setMark(find("live"), "lamp", units.alarms.length ? "stop" : units.edges.some((edge) => edge.is_silent) ? "wait" : "go");
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
function showEdges(every) {
  const sought = find("search").value.trim().toLowerCase();
  find("csv").href = `/api/units.csv${sought ? `?q=${encodeURIComponent(sought)}` : ""}`;
  const told = (edge) => [edge.edge_id, edge.kind === "edge" ? placeName(edge.name) : "", edge.fingerprint].join(" ").toLowerCase();
  const edges = every.filter((edge) => sought.split(/\s+/).every((part) => told(edge).includes(part)));
  if (JSON.stringify(edges) === shownEdges) return;
  shownEdges = JSON.stringify(edges);
  find("units").replaceChildren(...edges.map(edgeLine));
}

function standing(edge) {
  if (edge.revoked_at) return [t("units_page.revoked", { revoked_at: edge.revoked_at }), "stop"];
  if (!edge.confirmed_at) return [t("units_page.unconfirmed"), "wait"];
  if (edge.frozen_at) return [t("units_page.frozen"), "stop"];
  if (edge.is_silent) return [t("units_page.silent"), "wait"];
  return [t("units_page.heard"), "go"];
}

// What is missing, as numbers; a lost record is said even where everything else is in order.
function owed(edge) {
  const parts = ["pending", "lost", "recovered", "quarantined", "unprojected"].filter((name) => edge[`${name}_records`] > 0);
  const lines = parts.map((name) => element("span", { class: "chip", "data-tone": name === "lost" || name === "quarantined" ? "stop" : name === "pending" ? "wait" : "info" }, owedWords(edge, name)));
  return lines.length ? element("div", { class: "row tight" }, ...lines) : "—";
}

// A figure opens its rows: of the records that are held back, places and reasons.
function owedWords(edge, name) {
  const words = t(`units_page.owed_${name}`, { count: edge[`${name}_records`] });
  return ["quarantined", "unprojected"].includes(name) ? element("a", { href: `/api/units/${encodeURIComponent(edge.edge_id)}/held.csv`, download: "" }, words) : words;
}

function edgeLine(edge) {
  const todo = edge.to_do?.length ? element("ul", { class: "small" }, ...edge.to_do.map((slug) => element("li", {}, word("units_page", `todo_${slug}`)))) : t("units_page.todo_nothing");
  const [state, tone] = standing(edge);
  const [code, ...remark] = (edge.revoked_reason ?? "").split(": ");
  const said = REASONS.includes(code) ? [word("RevocationReason", code), ...remark].join(": ") : edge.revoked_reason;
  const reason = said ? element("p", { class: "small dim" }, said) : edge.opened_reason ? element("p", { class: "small dim" }, word("IncarnationReason", edge.opened_reason)) : null;
  return element(
    "tr",
    { "data-tone": tone === "wait" ? "wait" : null },
    element("th", { scope: "row" }, edge.edge_id),
    element("td", {}, edge.kind === "edge" ? placeName(edge.name) : t("units_page.province")),
    element("td", {}, element("span", { class: "chip", "data-tone": tone }, state), reason, element("p", { class: "small dim" }, t("units_page.enrolled", { enrolled_at: edge.enrolled_at }))),
    element("td", { class: "number" }, edge.last_contact_at ? dateTime(edge.last_contact_at) : t("units_page.never")),
    element("td", { class: "number" }, `${integer(edge.incarnation)} · ${integer(edge.sequence)}`),
    element("td", { class: "number" }, integer(edge.lost_records)),
    element("td", {}, owed(edge)),
    element("td", {}, edge.alarms ? element("a", { href: "#alarms-card" }, t("units_page.alarms_of", { count: edge.alarms })) : null, todo),
    element("td", {}, edge.orders_at ? t("units_page.orders_until", { sequence: edge.orders_sequence, at: time(edge.orders_at) }) : t("units_page.never")),
    element("td", { class: "hash" }, edge.fingerprint),
    element("td", {}, mayAct ? element("div", { class: "row tight" }, ...edgeButtons(edge)) : ""),
  );
}

function edgeButtons(edge) {
  if (edge.revoked_at) return [];
  const revoke = element("button", { class: "button", type: "button", onclick: () => askRevoke(edge) }, t("units_page.revoke"));
  if (edge.confirmed_at) return [revoke];
  return [element("button", { class: "button primary", type: "button", onclick: () => askConfirm(edge) }, t("units_page.confirm")), revoke];
}

let shownAlarms = "";
function showAlarms(alarms, cleared) {
  find("no-alarms").hidden = alarms.length > 0;
  find("cleared").hidden = cleared.length === 0;
  if (JSON.stringify([alarms, cleared]) === shownAlarms) return;
  shownAlarms = JSON.stringify([alarms, cleared]);
  find("alarms").replaceChildren(...alarms.map(alarmLine));
  find("cleared-alarms").replaceChildren(...cleared.map(alarmLine));
}

function aboutAlarm(alarm) {
  const hashes = alarm.expected_hash && alarm.found_hash ? t("units_page.both_hashes", { expected: alarm.expected_hash.slice(0, SHOWN_OF_HASH), found: alarm.found_hash.slice(0, SHOWN_OF_HASH) }) : null;
  const detail = alarm.detail ?? {};
  const lost = detail.lost_records > 0 ? t("units_page.lost_range", { count: detail.lost_records, from: detail.lost_from, to: detail.lost_to, incarnation: detail.previous_incarnation }) : detail.lost_records === 0 ? t("units_page.nothing_lost") : null;
  const why = detail.reason && alarm.kind === "edge_restored" ? word("IncarnationReason", detail.reason) : (detail.reason ?? null);
  const witness = detail.witness ? t("units_page.witness", { edge: detail.witness }) : null;
  const place = t("units_page.at_place", { incarnation: alarm.incarnation, sequence: alarm.sequence });
  return { facts: [place, why, lost, witness, detail.by ?? null].filter(Boolean).join(" · "), hashes };
}

function alarmLine(alarm) {
  const { facts, hashes } = aboutAlarm(alarm);
  const who = alarm.edge_id === "centre" ? t("units_page.the_centre") : alarm.edge_id;
  const clear = mayAct && !alarm.cleared_at ? element("button", { class: "button", type: "button", onclick: () => askClear(alarm) }, t("units_page.clear")) : null;
  return element(
    "li",
    { "data-cleared": alarm.cleared_at ? "yes" : null },
    element("div", { class: "row" }, element("span", { class: "chip", "data-tone": alarm.cleared_at ? "info" : "stop" }, word("units_page", `alarm_${alarm.kind}`)), element("strong", {}, who), element("span", { class: "dim" }, dateTime(alarm.raised_at)), element("span", { class: "push" }), clear),
    element("p", {}, word("units_page", `do_${alarm.kind}`)),
    element("p", { class: "small dim" }, facts),
    hashes ? element("p", { class: "small hash dim" }, hashes) : null,
    alarm.cleared_at ? element("p", { class: "small" }, t("units_page.cleared_by", { name: alarm.cleared_by, cleared_at: alarm.cleared_at, reason: alarm.cleared_reason })) : null,
  );
}

function askClear(alarm) {
  ask({
    title: t("units_page.clear_title"),
    fields: [element("p", {}, word("units_page", `do_${alarm.kind}`)), textField({ name: "reason", label: t("units_page.clear_reason"), required: true })],
    submitKey: "units_page.clear",
    submit: async ({ reason }) => {
      await send(`/api/units/alarms/${alarm.alarm_id}/clear`, { reason });
      await refresh();
    },
  });
}

function askRevoke(edge) {
  ask({
    title: t("units_page.revoke_title", { edge: edge.edge_id }),
    fields: [element("p", {}, t("units_page.revoke_hint")), selectField({ name: "reason", label: t("units_page.revoke_reason"), choices: REASONS.map((slug) => [slug, word("RevocationReason", slug)]), required: true }), textField({ name: "remark", label: t("units_page.revoke_remark") })],
    submitKey: "units_page.revoke",
    tone: "stop",
    submit: async ({ reason, remark }) => {
      await send(`/api/units/${encodeURIComponent(edge.edge_id)}/revoke`, { reason, remark: remark ?? "" });
      setText(find("saved"), t("units_page.revoked_now", { edge: edge.edge_id }));
      await refresh();
    },
  });
}

function askConfirm(edge) {
  ask({
    title: t("units_page.confirm_title", { edge: edge.edge_id }),
    fields: [element("p", {}, t("units_page.confirm_hint")), element("p", { class: "fingerprint" }, edge.fingerprint), inputField({ name: "fingerprint", label: t("units_page.fingerprint_typed"), required: true, autofocus: true, spellcheck: "false" })],
    submitKey: "units_page.confirm",
    submit: async ({ fingerprint }) => {
      await send(`/api/units/${encodeURIComponent(edge.edge_id)}/confirm`, { fingerprint });
      setText(find("saved"), t("units_page.confirmed_now", { edge: edge.edge_id }));
      await refresh();
    },
  });
}

function askCode() {
  ask({
    title: t("units_page.new_code"),
    fields: [
      element("p", {}, t("units_page.code_hint")),
      inputField({ name: "edge_id", label: t("units_page.edge_name"), hint: t("units_page.edge_name_hint"), required: true, autofocus: true, pattern: "[a-z0-9]+([.\\-][a-z0-9]+)*", maxlength: 64 }),
      selectField({ name: "point_of_entry_id", label: t("units_page.gate"), choices: gates.map((gate) => [gate.point_of_entry_id, placeName(gate.name)]), required: true }),
    ],
    submitKey: "units_page.make_code",
    submit: async ({ edge_id, point_of_entry_id }) => {
      const shown = await send("/api/units/codes", { edge_id, point_of_entry_id });
      setTimeout(() => showCode(shown), 0);
    },
  });
}

// The one time that the code is shown: it is kept nowhere, not on this page either.
function showCode(shown) {
  ask({
    title: t("units_page.code_for", { edge: shown.edge_id }),
    fields: [element("p", { class: "fingerprint", id: "code" }, shown.code), element("p", {}, t("units_page.code_once", { until: time(shown.expires_at) })), element("p", { class: "small dim" }, t("units_page.code_command"))],
    submitKey: null,
  });
}

find("search").addEventListener("input", () => showEdges(known));
document.getElementById("new-code")?.addEventListener("click", askCode);
await refresh();
setInterval(refresh, 5000);
