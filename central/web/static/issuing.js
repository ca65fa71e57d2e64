// Issuing an order from the command page: fill in, read what it will do, then issue. Two steps, so that nobody
// closes a gate by a slip of the hand.
import { read, send } from "../web/js/api.js";
import { ask, checkField, inputField, momentField, radioField, selectField, textField } from "../web/js/dialogs.js";
import { element, find, setText } from "../web/js/elements.js";
import { date, integer } from "../web/js/format.js";
import { placeName, t, word } from "../web/js/labels.js";
import { momentShown } from "../web/js/moments.js";

const STATES = ["stopped", "restricted", "open"];
const CATEGORIES = ["border_resident", "tourist", "expert", "driver_or_crew", "returning_citizen", "official"];
const DIRECTIONS = ["entry", "exit"];
const PURPOSES = ["trade_or_work", "family_visit", "medical", "tourism", "official_duty", "project_expert", "driver_or_cargo", "returning_home", "other"];
const SUBJECTS = ["traffic", "scenario", "place", "risk_area"];
const SCENARIOS = ["scenario_1", "scenario_2", "scenario_3"];

const button = find("issue-order");
if (button) button.addEventListener("click", fillIn);

async function fillIn() {
  const known = await read("/api/orders");
  ask({
    title: t("orders_page.new"),
    fields: fieldsOf(known),
    submitKey: "orders_page.check",
    submit: async (values, form) => {
      const order = orderOf(values, form, known.edges);
      const checked = await send("/api/orders/check", order);
      // The form closes by itself after this; the second question comes when it has gone.
      setTimeout(() => confirm(order, { checked, gates: known.gates }));
    },
  });
}

function fieldsOf({ gates, edges, issuing_body, today }) {
  const gateChoices = gates.map((gate) => [gate.point_of_entry_id, placeName(gate.name)]);
  return [
    element("div", { class: "pair" }, inputField({ name: "document_number", label: t("orders_page.document_number"), required: true, maxlength: 80 }), inputField({ name: "issuing_body", label: t("orders_page.issuing_body"), required: true, value: issuing_body })),
    inputField({ name: "title", label: t("orders_page.title_of_order"), required: true, maxlength: 200 }),
    element("div", { class: "pair" }, inputField({ name: "clause", label: t("orders_page.clause"), required: true, maxlength: 100 }), textField({ name: "quote", label: t("orders_page.quote"), required: true })),
    selectField({ name: "subject", label: t("orders_page.subject"), choices: SUBJECTS.map((subject) => [subject, t(`orders_page.subject_${subject}`)]), chosen: "traffic" }),
    radioField({ name: "state", label: t("orders_page.state"), choices: STATES.map((state) => [state, word("OrderState", state)]), chosen: "stopped" }),
    checkField({ name: "point_of_entry_ids", label: t("orders_page.gates"), choices: gateChoices }),
    checkField({ name: "categories", label: t("orders_page.categories"), choices: CATEGORIES.map((category) => [category, word("TravellerCategory", category)]) }),
    checkField({ name: "directions", label: t("orders_page.directions"), choices: DIRECTIONS.map((direction) => [direction, word("Direction", direction)]) }),
    selectField({ name: "redirect_to", label: t("orders_page.redirect_to"), choices: [["", t("orders_page.nowhere")], ...gateChoices] }),
    element("div", { class: "pair" }, momentField({ name: "effective_from", label: t("orders_page.effective_from"), kind: "day", required: true, value: today }), momentField({ name: "effective_hour", label: t("orders_page.effective_hour"), kind: "time" }), momentField({ name: "effective_to", label: t("orders_page.effective_to"), kind: "day" })),
    element("details", {}, element("summary", {}, t("orders_page.limits")), element("div", { class: "pair" }, momentField({ name: "opens_at", label: t("orders_page.opens_at"), kind: "time" }), momentField({ name: "closes_at", label: t("orders_page.closes_at"), kind: "time" }), inputField({ name: "quota_per_day", label: t("orders_page.quota_per_day"), type: "number", min: 1 }), inputField({ name: "quota_per_hour", label: t("orders_page.quota_per_hour"), type: "number", min: 1 })), checkField({ name: "purposes", label: t("orders_page.purposes"), choices: PURPOSES.map((purpose) => [purpose, word("PurposeOfCrossing", purpose)]) }), ...shareFields(gates, edges)),
    element("details", {}, element("summary", {}, t("orders_page.of_scenario")), selectField({ name: "scenario", label: t("orders_page.scenario"), choices: [["", "—"], ...SCENARIOS.map((scenario) => [scenario, word("ResponseScenario", scenario)])] })),
    element("details", {}, element("summary", {}, t("orders_page.of_place")), element("div", { class: "pair" }, ...["vi", "en", "zh"].map((tongue) => inputField({ name: `name_${tongue}`, label: t(`orders_page.name_${tongue}`), maxlength: 200 }))), inputField({ name: "area_codes", label: t("orders_page.area_codes"), hint: t("orders_page.area_codes_hint"), maxlength: 200 }), element("div", { class: "pair" }, momentField({ name: "was_from", label: t("orders_page.was_from"), kind: "instant" }), momentField({ name: "was_to", label: t("orders_page.was_to"), kind: "instant" }))),
  ];
}

// A quota of a gate with several edges is divided among them, so that the sum holds while they do not reach each other.
function shareFields(gates, edges) {
  const several = gates.filter((gate) => edgesAt(edges, gate.point_of_entry_id).length > 1);
  if (several.length === 0) return [];
  const row = ({ edge_id }) => element("div", { class: "pair" }, ...["day", "hour"].map((per) => inputField({ name: `share_${per}_${edge_id}`, label: t(`orders_page.share_per_${per}`, { edge: edge_id }), type: "number", min: 0 })));
  const groups = several.map((gate) => element("fieldset", {}, element("legend", {}, t("orders_page.shares_of", { gate: placeName(gate.name) })), ...edgesAt(edges, gate.point_of_entry_id).map(row)));
  return [...groups, element("p", { class: "hint" }, t("orders_page.shares_hint"))];
}

const edgesAt = (edges, gateId) => edges.filter((edge) => edge.point_of_entry_id === gateId);

function sharesOf(values, edges) {
  const given = (per, id) => values[`share_${per}_${id}`] ?? "";
  return edges
    .filter(({ edge_id }) => given("day", edge_id) !== "" || given("hour", edge_id) !== "")
    .map(({ edge_id }) => ({ edge_id, ...Object.fromEntries(["day", "hour"].filter((per) => given(per, edge_id) !== "").map((per) => [`per_${per}`, Number(given(per, edge_id))])) }));
}

// Fields left empty are left out: the service then takes them as "all" or "none".
function orderOf(values, form, edges) {
  const order = {};
  for (const name of ["document_number", "issuing_body", "title", "clause", "quote", "subject", "redirect_to", "effective_from", "effective_hour", "effective_to", "opens_at", "closes_at", "scenario", "name_vi", "name_en", "name_zh", "was_from", "was_to"]) if (values[name]) order[name] = values[name];
  if (order.subject === "traffic") order.state = values.state;
  const codes = (values.area_codes ?? "").split(/[,;\s]+/).filter(Boolean);
  if (codes.length) order.area_codes = codes;
  for (const name of ["point_of_entry_ids", "categories", "directions", "purposes"]) if (form.getAll(name).length) order[name] = form.getAll(name);
  for (const name of ["quota_per_day", "quota_per_hour"]) if (values[name]) order[name] = Number(values[name]);
  const shares = sharesOf(values, edges);
  if (shares.length) order.shares = shares;
  return order;
}

function confirm(order, { checked, gates }) {
  const names = new Map(gates.map((gate) => [gate.point_of_entry_id, placeName(gate.name)]));
  const list = (slugs, wordOf, all) => (slugs?.length ? slugs.map(wordOf).join(", ") : all);
  const lines = [
    ["orders_page.subject", t(`orders_page.subject_${order.subject}`)],
    order.state ? ["orders_page.state", word("OrderState", order.state)] : null,
    order.scenario ? ["orders_page.scenario", word("ResponseScenario", order.scenario)] : null,
    order.name_vi ? ["orders_page.name_vi", [order.name_vi, ...(order.area_codes ?? [])].join(" · ")] : null,
    order.was_from ? ["orders_page.was_from", [order.was_from, order.was_to].map((iso) => momentShown("instant", iso)).join(" – ")] : null,
    order.opens_at ? ["orders_page.limits", [order.opens_at, order.closes_at].join(" – ")] : null,
    order.quota_per_day ? ["orders_page.quota_per_day", integer(order.quota_per_day)] : null,
    order.quota_per_hour ? ["orders_page.quota_per_hour", integer(order.quota_per_hour)] : null,
    order.shares ? ["orders_page.shares", order.shares.map(({ edge_id, per_day, per_hour }) => `${edge_id}: ${[per_day, per_hour].filter((places) => places !== undefined).map(integer).join(" / ")}`).join(" · ")] : null,
    order.purposes ? ["orders_page.purposes", order.purposes.map((slug) => word("PurposeOfCrossing", slug)).join(", ")] : null,
    ["orders_page.gates", list(order.point_of_entry_ids, (id) => names.get(id), t("orders_page.all_gates"))],
    ["orders_page.categories", list(order.categories, (slug) => word("TravellerCategory", slug), t("orders_page.everybody"))],
    ["orders_page.directions", list(order.directions, (slug) => word("Direction", slug), t("orders_page.both_directions"))],
    ["orders_page.redirect_to", order.redirect_to ? names.get(order.redirect_to) : t("orders_page.nowhere")],
    ["orders_page.effective_from", [date(order.effective_from), order.effective_hour].filter(Boolean).join(" · ")],
    ["orders_page.effective_to", order.effective_to ? date(order.effective_to) : t("orders_page.until_further_order")],
  ];
  ask({
    title: t("orders_page.confirm", { document: order.document_number, version: String(checked.version) }),
    fields: [element("dl", { class: "identity" }, ...lines.filter(Boolean).flatMap(([key, words]) => [element("dt", {}, t(key)), element("dd", {}, words)])), element("p", { class: "hint" }, t("orders_page.confirm_hint"))],
    submitKey: "orders_page.issue",
    submit: async () => {
      const issued = await send("/api/orders", order);
      setText(find("saved"), t("orders_page.issued", { document: order.document_number, version: String(issued.version) }));
    },
  });
}
