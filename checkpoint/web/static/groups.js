// Groups and vehicles of this gate: a list is imported whole or not at all, heads are counted, and nobody is left out.
import { download, read, Refused, send } from "../web/js/api.js";
import { ask, inputField, radioField, selectField, textField } from "../web/js/dialogs.js";
import { element, find, setText } from "../web/js/elements.js";
import { integer, time, timeWithSeconds } from "../web/js/format.js";
import { has, laneWords, t, word } from "../web/js/labels.js";

const KINDS = ["tour", "passengers", "crew", "delegation", "returning_citizens"];
const CONVEYANCES = ["coach", "flight", "train", "vessel", "car", "truck"];
const REASONS = ["did_not_travel", "crosses_later", "crossed_at_other_gate", "turned_back_before_lane", "in_medical_care", "listed_in_error", "left_without_screening", "unknown"];
const SHOWN_FAULTS = 50;
const choices = (section, slugs) => slugs.map((slug) => [slug, word(section, slug)]);
let part = "groups", opened = null, lines = [], lanes = [];
const laneName = (laneId) => laneWords(lanes.find((lane) => lane.lane_id === laneId)?.label ?? laneId);

function fail(problem) {
  if (!(problem instanceof Refused)) throw problem;
  setText(find("error"), problem.words);
}

async function attempt(work) {
  setText(find("error"), "");
  try {
    await work();
  } catch (problem) {
    fail(problem);
  }
}

const query = () => find("query").value.trim();

async function list() {
  const answer = await send(part === "groups" ? "/api/groups/list" : "/api/conveyances/list", { query: query() });
  lines = answer.groups ?? answer.movements;
  draw();
}

const heads = (group) => t("groups_page.seen_of", { seen: integer(group.seen), announced: integer(group.announced) });
const nameOf = (group) => [word("GroupKind", group.kind), group.operator, group.guide].filter(Boolean).join(" · ");
const stateOf = (group) => (group.closed_at ? t("groups_page.is_closed") : t("groups_page.is_open"));
const occupantsOf = (line) => line.occupants.map((one) => `${one.full_name || one.document_number_masked} (${word("OccupantRole", one.role)})`).join(", ") || t("groups_page.nobody_noted");

const COLUMNS = {
  groups: [
    ["group", (one) => element("button", { type: "button", class: "open-line", onclick: () => attempt(() => open(one.group_id)) }, nameOf(one))],
    ["heads", heads, "number"],
    ["missing", (one) => integer(one.missing), "number"],
    ["unexpected", (one) => integer(one.unexpected), "number"],
    ["direction", (one) => word("Direction", one.direction)],
    ["opened", (one) => time(one.opened_at)],
    ["state", stateOf],
  ],
  vehicles: [
    ["plates", (one) => one.plates],
    ["kind", (one) => word("ConveyanceKind", one.kind)],
    ["direction", (one) => word("Direction", one.direction)],
    ["at", (one) => timeWithSeconds(one.presented_at)],
    ["today", (one) => integer(one.movement_today), "number"],
    ["cargo", (one) => (one.cargo ? word("CargoKind", one.cargo) : "—")],
    ["occupants", occupantsOf],
    ["state", (one) => [t(`groups_page.standing_${one.standing}`), one.has_other_driver ? t("groups_page.other_driver") : ""].filter(Boolean).join(" · ")],
    ["mistake", takeBackOf],
  ],
};

// A movement that was entered by mistake is taken back with a reason; it stays in the list and counts as none.
function takeBackOf(one) {
  if (one.standing === "taken_back" || find("lines").dataset.mayAct !== "yes") return "";
  return element("button", { type: "button", class: "button", "aria-label": `${t("groups_page.take_back")} ${one.plates}`, onclick: () => askTakeBack(one) }, t("groups_page.take_back"));
}

function askTakeBack(one) {
  ask({
    title: `${t("groups_page.take_back")}: ${one.plates}`,
    fields: [textField({ name: "reason", label: t("groups_page.take_back_why"), required: true, minlength: 5, maxlength: 200 })],
    submitKey: "groups_page.take_back",
    submit: async ({ reason }) => {
      await send(`/api/conveyances/${one.conveyance_id}/take-back`, { reason });
      await list();
    },
  });
}

function draw() {
  const columns = COLUMNS[part];
  setText(find("list-title"), t(`groups_page.${part}`));
  setText(find("turn-words"), t(part === "groups" ? "groups_page.show_vehicles" : "groups_page.show_groups"));
  find("turn").setAttribute("aria-pressed", part === "vehicles" ? "true" : "false");
  find("columns").replaceChildren(...columns.map(([name, , kind]) => element("th", { scope: "col", class: kind ?? null }, t(`groups_page.column_${name}`))));
  find("lines").replaceChildren(...lines.map((line) => element("tr", {}, ...columns.map(([, say, kind]) => element("td", { class: kind ?? null }, say(line))))));
  find("empty").hidden = lines.length > 0;
  setText(find("empty"), query() ? t("groups_page.nothing_found") : t(`groups_page.empty_${part}`));
}

async function open(groupId) {
  show(await send("/api/groups/card", { group_id: groupId }));
  find("card-title").focus();
}

function show(card) {
  opened = card;
  const { group } = card;
  const missing = card.members.filter((one) => one.crossing_id === null);
  find("list-part").hidden = true;
  find("card").hidden = false;
  setText(find("card-title"), nameOf(group));
  setText(find("heads"), heads(group));
  find("heads").setAttribute("aria-label", t("groups_page.seen_words", { seen: group.seen, announced: group.announced }));
  find("missing").dataset.tone = missing.length ? "stop" : "go";
  setText(find("missing"), missing.length ? t("groups_page.missing_list", { numbers: numbers(missing) }) : t("groups_page.everybody_seen"));
  const standsAt = group.lanes.length ? `${t("groups_page.at_lane")}: ${group.lanes.map(laneName).join(", ")}` : t("groups_page.no_lane");
  setText(find("about"), [stateOf(group), group.reason ? word("MissingReason", group.reason) : "", word("Direction", group.direction), card.plates, card.telephone, standsAt, group.unexpected ? t("groups_page.lane_unexpected", { count: group.unexpected }) : ""].filter(Boolean).join(" · "));
  if (find("close-group")) find("close-group").hidden = Boolean(group.closed_at);
  const columns = ["number", "name", "document", "seat", "seen", "how"];
  find("member-columns").replaceChildren(...columns.map((name) => element("th", { scope: "col" }, t(`groups_page.column_${name}`))));
  find("members").replaceChildren(...[...missing, ...card.members.filter((one) => one.crossing_id !== null)].map(memberRow));
}

const numbers = (some) => some.slice(0, 30).map((one) => one.number).join(", ") + (some.length > 30 ? ` ${t("groups_page.more_than", { count: some.length - 30 })}` : "");

function memberRow(one) {
  const how = one.crossing_id ? [one.matched_by ? word("MemberMatch", one.matched_by) : "", one.is_late ? t("groups_page.late") : ""] : [one.missing_because ? word("MissingReason", one.missing_because) : ""];
  const cells = [integer(one.number), one.full_name || t("groups_page.unnamed"), one.document_number_masked || "—", [one.carriage, one.seat].filter(Boolean).join(" · ") || "—", one.seen_at ? timeWithSeconds(one.seen_at) : t("groups_page.not_seen"), how.filter(Boolean).join(" · ") || "—"];
  return element("tr", { "data-state": one.crossing_id ? "seen" : "missing", "data-number": one.number }, ...cells.map((cell) => element("td", {}, cell)));
}

function back() {
  if (find("card").hidden) return;
  opened = null;
  find("card").hidden = true;
  find("list-part").hidden = false;
  attempt(list);
}

async function encoded(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let start = 0; start < bytes.length; start += 32768) text += String.fromCharCode(...bytes.subarray(start, start + 32768));
  return btoa(text);
}

async function announce() {
  if (!find("card").hidden) return;
  const groupId = crypto.randomUUID(), conveyanceId = crypto.randomUUID();
  const faults = element("div", { role: "status" });
  const dialog = ask({
    title: t("groups_page.open"),
    fields: [
      selectField({ name: "kind", label: t("groups_page.kind"), choices: choices("GroupKind", KINDS), chosen: "tour", autofocus: true }),
      selectField({ name: "direction", label: t("groups_page.direction"), choices: choices("Direction", ["entry", "exit"]), chosen: lanes[0]?.direction ?? "entry" }),
      inputField({ name: "operator", label: t("groups_page.operator"), maxlength: 200 }),
      inputField({ name: "guide", label: t("groups_page.guide"), maxlength: 200 }),
      inputField({ name: "telephone", label: t("groups_page.telephone"), maxlength: 40, inputmode: "tel" }),
      inputField({ name: "announced", label: t("groups_page.announced"), hint: t("groups_page.announced_hint"), inputmode: "numeric", maxlength: 5 }),
      inputField({ name: "file", label: t("groups_page.file"), hint: t("groups_page.file_hint"), type: "file", accept: ".csv,.txt,.tsv,.xlsx", required: true }),
      selectField({ name: "conveyance", label: t("groups_page.conveyance"), choices: [["", t("groups_page.no_conveyance")], ...choices("ConveyanceKind", CONVEYANCES)] }),
      inputField({ name: "number", label: t("groups_page.conveyance_number"), maxlength: 40 }),
      selectField({ name: "lane_id", label: t("groups_page.at_lane"), choices: [["", t("groups_page.no_lane")], ...lanes.map((lane) => [lane.lane_id, laneWords(lane.label)])], chosen: lanes.length === 1 ? lanes[0].lane_id : "" }),
      faults,
    ],
    submitKey: "groups_page.open",
    submit: async (fields, form) => {
      const file = await encoded(form.get("file"));
      const found = await send("/api/groups/read", { file });
      faults.replaceChildren(...(found.faults.length ? faultsOf(found) : []));
      if (found.faults.length) throw new Refused({ code: "manifest_has_faults", values: { faults: found.faults.length } }, 422);
      const conveyance = fields.conveyance ? { conveyance_id: conveyanceId, kind: fields.conveyance, number: fields.number, is_confirmed: true } : null;
      const { kind, direction, operator, guide, telephone } = fields;
      const announced = fields.announced ? Number(fields.announced) : null;
      show(await send("/api/groups/open", { group_id: groupId, kind, direction, operator, guide, telephone, announced, file, conveyance, lane_id: fields.lane_id || null }));
      setText(find("told"), t("groups_page.opened_told", { announced: opened.group.announced }));
    },
  });
  return dialog;
}

function faultsOf(found) {
  const shown = found.faults.slice(0, SHOWN_FAULTS);
  const more = found.faults.length - shown.length;
  return [
    element("p", { class: "strong" }, t("groups_page.faults_title", { read: found.read, refused: found.refused }), found.sheet > 1 ? ` · ${t("groups_page.of_sheet", { number: found.sheet })}` : ""),
    element("ol", { class: "faults", tabindex: "0", "aria-label": t("groups_page.file") }, ...shown.map(faultLine), more ? element("li", {}, t("groups_page.more_than", { count: more })) : null),
  ];
}

function faultLine(fault) {
  const column = fault.column && has(`groups_page.field_${fault.column}`) ? `, ${t(`groups_page.field_${fault.column}`)}` : "";
  const place = fault.row ? `${t("groups_page.fault_row", { row: fault.row })}${column}` : t("groups_page.fault_file");
  const values = { other_row: fault.other_row ?? "" };
  return element("li", {}, element("b", {}, place), `: ${t(`ManifestFault.${fault.fault}`, values)}. ${t(`ManifestFault.${fault.fault}_do`, values)}.`);
}

function closeGroup() {
  if (!opened || opened.group.closed_at) return;
  const { group } = opened;
  const missing = opened.members.filter((one) => one.crossing_id === null);
  const who = element("ul", { class: "faults", tabindex: "0" }, ...missing.slice(0, SHOWN_FAULTS).map((one) => element("li", {}, `${one.number} · ${one.full_name || t("groups_page.unnamed")}`)));
  ask({
    title: t("groups_page.close_group"),
    fields: missing.length
      ? [element("p", { class: "strong" }, t("groups_page.close_missing", { missing: missing.length })), who, radioField({ name: "reason", label: t("groups_page.reason"), choices: choices("MissingReason", REASONS) })]
      : [element("p", {}, t("groups_page.close_complete", { announced: group.announced }))],
    submitKey: "groups_page.close_group",
    submit: async ({ reason }) => {
      show(await send("/api/groups/close", { group_id: group.group_id, reason: reason ?? null }));
      setText(find("told"), t("groups_page.closed_told"));
    },
  });
}

const exportList = () => attempt(() => download("/api/groups/export", { name: `${part}.csv`, body: { what: part, query: query() } }));
const exportMembers = () => opened && attempt(() => download("/api/groups/export", { name: "members.csv", body: { what: "members", group_id: opened.group.group_id } }));

function turn() {
  if (!find("card").hidden) return;
  part = part === "groups" ? "vehicles" : "groups";
  attempt(list);
}

const KEYS = { F2: () => document.querySelector('[data-key="F2"]') && attempt(announce), F4: () => find("query").focus(), F6: turn, F7: exportMembers, F8: exportList, F10: () => find("close-group") && closeGroup(), Escape: back };
document.addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  act();
});
for (const button of document.querySelectorAll("button[data-key]")) button.addEventListener("click", () => KEYS[button.dataset.key]());
find("search").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(list);
});
find("query").addEventListener("search", () => attempt(list));
await attempt(async () => {
  lanes = await read("/api/lanes");
});
await attempt(list);
