// The figures of one report day; each opens the crossings or records it counts, a page at a time, for whoever may see rows.
import { read, Refused } from "../web/js/api.js";
import { learnNow } from "../web/js/clocks.js";
import { element, find, setText } from "../web/js/elements.js";
import { dateTime, integer } from "../web/js/format.js";
import "../web/js/keys.js";
import { has, laneWords, placeName, t, word } from "../web/js/labels.js";

const day = document.body.dataset.day;
const maySeeRows = document.body.dataset.maySeeRows === "yes";
const WORDS = { category: "TravellerCategory", sex: "Sex" };
// What stands in a row's detail, by the figure that is opened.
const DETAILS = {
  declarations: "desk.channel_",
  declared_symptom: "Symptom.",
  declared_exposure: "declaration.exposure_",
  declarations_checked: "declaration.resolution_",
  slips_checked: "refusal.",
  own_temperatures: "ShiftMoment.",
  own_temperatures_raised: "ShiftMoment.",
  paper_lines_voided: "PaperVoidReason.",
  verdicts_overridden: "OverrideReason.",
  interceptions: "FinderUnit.",
  persons_found: "Direction.",
  post_checks: "Direction.",
  conveyances: "ConveyanceKind.",
  conveyance_occupants: "OccupantRole.",
  groups_opened: "GroupKind.",
  group_heads: "GroupKind.",
  group_members_seen: "MemberMatch.",
  group_members_missing: "MissingReason.",
  handheld_acts_different: "Outcome.",
  passes_registered: "PassRegime.",
  pass_states_changed: "PassState.",
  persons_linked: "LinkReason.",
  persons_unlinked: "LinkReason.",
  device_conditions: "DeviceCondition.",
  lane_bad_device_minutes: "DeviceCondition.",
  threshold_changes: "ThresholdReason.",
};
const CROSSINGS = { path: "", words: "figure", columns: ["number", "at", "gate", "lane", "direction", "category", "disposition"], title: "rows_title", page: "page", none: "none", row: crossingRow };
const RECORDS = { path: "/beside", words: "gate_figure", columns: ["at", "gate", "edge", "says", "counts", "reference", "number"], title: "records_title", page: "records_page", none: "no_record", row: recordRow };
let chosen = null;
let offset = 0;

async function guarded(work) {
  try {
    setText(find("error"), "");
    await work();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

async function refresh() {
  const shown = await read(`/api/reports/${encodeURIComponent(day)}/figures`);
  learnNow(shown.as_of);
  find("live").hidden = true;
  setText(find("title"), t("figures_page.title", { day_on: shown.day }));
  setText(find("as-of"), t(maySeeRows ? "figures_page.as_of" : "figures_page.as_of_figures", { as_of: dateTime(shown.as_of) }));
  setText(find("frozen"), shown.revision ? t(shown.is_as_frozen ? "figures_page.same" : "figures_page.differs", { revision: shown.revision }) : "");
  const total = { ask: {}, name: t("figures_page.total"), figures: shown.totals };
  const beside = await read(`/api/reports/${encodeURIComponent(day)}/beside/figures`);
  find("tables").replaceChildren(...shown.tables.map((table) => tableOf(table, total)), ...(beside.lines.length ? [besideTable(beside)] : []));
  return shown;
}

function tableOf({ by, lines }, total) {
  const figures = Object.keys((lines[0] ?? total).figures).filter((name) => [...lines, total].some((line) => line.figures[name]));
  const wanted = figures.length ? figures : ["crossings"];
  const head = element("tr", {}, element("th", { scope: "col" }, t("figures_page.name")), ...wanted.map((name) => element("th", { scope: "col", class: "number" }, word("figure", name))));
  const rows = [...lines, ...(by === "gate" ? [total] : [])].map((line) => lineOf(by, line, wanted));
  return framed(by, head, rows);
}

function framed(by, head, rows) {
  return element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": t(`figures_page.by_${by}`) }, element("table", { "data-by": by }, element("caption", {}, t(`figures_page.by_${by}`)), element("thead", {}, head), element("tbody", {}, ...rows)));
}

// A line a figure and a column a gate: there are many more figures than gates.
function besideTable({ gates, lines }) {
  const head = element("tr", {}, element("th", { scope: "col" }, t("figures_page.name")), ...gates.map(({ name }) => element("th", { scope: "col", class: "number" }, placeName(name))));
  const rows = lines.map(({ figure, counts }) => element("tr", {}, element("th", { scope: "row" }, word("gate_figure", figure)), ...gates.map(({ gate, name }) => element("td", { class: "number", "data-cell": cellOf(figure, { gate }) }, figureOf(figure, { ask: { gate }, figures: { [figure]: counts[gate] } }, placeName(name), RECORDS)))));
  return framed("beside", head, rows);
}

function nameOf(by, line) {
  if (line.name !== undefined) return placeName(line.name);
  if (!line.slug) return t("figures_page.unknown");
  return by === "hour" ? t("figures_page.hour", { hour: line.slug }) : WORDS[by] ? word(WORDS[by], line.slug) : line.slug;
}

function lineOf(by, line, figures) {
  const scope = nameOf(by, line);
  return element("tr", {}, element("th", { scope: "row" }, scope), ...figures.map((name) => element("td", { class: "number", "data-cell": cellOf(name, line.ask) }, figureOf(name, line, scope))));
}

const cellOf = (figure, { gate = "", category = "", by = "", value = "" }) => JSON.stringify([figure, gate, category, by, value]);

function figureOf(name, line, scope, kind = CROSSINGS) {
  const count = line.figures[name] ?? 0;
  if (!maySeeRows || count === 0) return integer(count);
  const label = `${t("figures_page.open")}: ${word(kind.words, name)}, ${scope}: ${integer(count)}`;
  const address = `#${new URLSearchParams({ figure: name, ...line.ask })}`;
  return element("a", { href: address, "aria-label": label, onclick: (event) => open(event, { figure: name, ask: line.ask, scope, kind }) }, integer(count));
}

function open(event, what) {
  event.preventDefault();
  guarded(() => choose(what));
}

async function choose(what) {
  chosen = what;
  offset = 0;
  find("search").value = "";
  await showRows();
  find("rows").focus();
}

// A figure of the command page leads here: to its rows, or to its place in the tables for who may see no row.
async function openAsked({ tables }) {
  const { figure, kind, ...ask } = Object.fromEntries(new URLSearchParams(window.location.hash.slice(1)));
  if (figure && maySeeRows) await choose({ figure, ask, scope: scopeOf(ask, tables), kind: kind === "beside" ? RECORDS : CROSSINGS });
  else if (figure) mark(find("tables").querySelector(`[data-cell="${CSS.escape(cellOf(figure, ask))}"]`));
  else if (ask.by) find("tables").querySelector(`table[data-by="${CSS.escape(ask.by)}"]`)?.closest(".wide").focus();
}

function scopeOf({ gate, direction, standing, rule }, tables) {
  const named = gate ? nameOf("gate", tables[0].lines.find((line) => line.ask.gate === gate) ?? { slug: gate }) : t("figures_page.total");
  return [named, direction && word("Direction", direction), standing && t("figures_page.standing"), rule && t("figures_page.by_order", { rule })].filter(Boolean).join(", ");
}

function mark(cell) {
  if (!cell) return;
  cell.setAttribute("aria-current", "true");
  cell.tabIndex = -1;
  cell.focus();
}

async function showRows() {
  const { kind, figure, scope } = chosen;
  const asked = new URLSearchParams({ ...chosen.ask, q: find("search").value.trim() });
  const path = `/api/reports/${encodeURIComponent(day)}${kind.path}`;
  const shown = await read(`${path}/rows?${new URLSearchParams({ figure, offset })}&${asked}`);
  find("rows").hidden = false;
  find("csv").href = `${path}/${figure}.csv?${asked}`;
  setText(find("rows-title"), t(`figures_page.${kind.title}`, { figure: word(kind.words, figure), scope, count: shown.count, sum: shown.sum }));
  const last = offset + shown.rows.length;
  setText(find("page"), shown.count ? t(`figures_page.${kind.page}`, { first: offset + 1, last, count: shown.count }) : "");
  find("newer").disabled = offset === 0;
  find("older").disabled = last >= shown.count;
  find("older").dataset.step = shown.per_page;
  find("columns").replaceChildren(...kind.columns.map((name) => element("th", { scope: "col" }, t(`figures_page.${name}`))));
  const empty = element("tr", {}, element("td", { colspan: kind.columns.length, class: "empty" }, t(`figures_page.${kind.none}`)));
  find("lines").replaceChildren(...(shown.rows.length ? shown.rows.map(kind.row) : [empty]));
}

function crossingRow(row) {
  const link = element("a", { href: `/desk/${encodeURIComponent(row.crossing_id)}` }, row.case_number);
  const cells = [dateTime(row.observed_at), placeName(row.gate), laneWords(row.lane_id), word("Direction", row.direction), word("TravellerCategory", row.category), word("Disposition", row.disposition)];
  return element("tr", {}, element("th", { scope: "row" }, link), ...cells.map((text) => element("td", {}, text)));
}

function recordRow(row) {
  const link = row.crossing_id ? element("a", { href: `/desk/${encodeURIComponent(row.crossing_id)}` }, t("figures_page.see_crossing")) : "—";
  const cells = [placeName(row.gate), row.edge_id, detailOf(row.detail), integer(row.count), row.reference ?? "—", link];
  return element("tr", {}, element("th", { scope: "row" }, dateTime(row.observed_at)), ...cells.map((content) => element("td", {}, content)));
}

function detailOf(detail) {
  const key = `${DETAILS[chosen.figure] ?? ""}${detail}`;
  return has(key) ? t(key) : detail || "—";
}

function turn(by) {
  offset = Math.max(0, offset + by * Number(find("older").dataset.step));
  guarded(showRows);
}

find("newer").addEventListener("click", () => turn(-1));
find("older").addEventListener("click", () => turn(1));
find("search").addEventListener("input", () => {
  offset = 0;
  guarded(showRows);
});
await guarded(async () => openAsked(await refresh()));
