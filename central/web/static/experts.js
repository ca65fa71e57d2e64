// Experts and foreigners on projects: due and complete by day and gate; each passage with its gaps; names on request, logged.
import { download, read, Refused, send } from "../web/js/api.js";
import { learnNow } from "../web/js/clocks.js";
import { ask, inputField, sayFaults, selectField } from "../web/js/dialogs.js";
import { element, find, setText } from "../web/js/elements.js";
import { date, integer, percent, time } from "../web/js/format.js";
import "../web/js/keys.js";
import { laneWords, placeName, t, word } from "../web/js/labels.js";
import { isoOf, showIso } from "../web/js/moments.js";

const maySeeRows = document.body.dataset.maySeeRows === "yes";
const LOOKS = ["case_investigation", "contact_tracing", "care", "request_of_the_person", "audit", "other"];
let chosen = null;
let passages = [];

const steps = (missing) => missing.map((slug) => word("MandatoryStep", slug)).join(", ");
const counted = (missing) => Object.entries(missing).map(([slug, count]) => `${word("MandatoryStep", slug)}: ${integer(count)}`).join(", ");

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
  const until = isoOf(find("until"));
  const shown = await read(`/api/experts${until ? `?until=${until}` : ""}`);
  learnNow(shown.now);
  find("live").hidden = true;
  showIso(find("until"), shown.last);
  find("csv").href = `/api/experts.csv?until=${shown.last}`;
  setText(find("summary"), shown.due ? t("experts_page.summary", { complete: shown.complete, due: shown.due }) : "");
  const empty = element("tr", {}, element("td", { colspan: 7, class: "empty" }, t("experts_page.none")));
  find("coverage").replaceChildren(...(shown.coverage.length ? shown.coverage.map(coverageLine) : [empty]));
}

function coverageLine(one) {
  const isWhole = one.complete === one.due;
  const open = maySeeRows ? element("button", { class: "button", type: "button", onclick: () => guarded(() => choose(one)) }, t("experts_page.rows")) : null;
  const share = element("span", { class: "chip", "data-tone": isWhole ? "go" : "stop" }, `${isWhole ? "✓" : "!"} ${percent(one.complete / one.due)}`);
  const number = (value) => element("td", { class: "number" }, value);
  return element("tr", {}, element("th", { scope: "row" }, date(one.report_day)), element("td", {}, placeName(one.gate)), number(integer(one.due)), number(integer(one.complete)), number(share), element("td", {}, counted(one.missing) || t("experts_page.no_gap")), element("td", {}, open));
}

async function choose(one) {
  const query = `?gate=${encodeURIComponent(one.point_of_entry_id)}`;
  ({ passages } = await read(`/api/experts/${one.report_day}/passages${query}`));
  chosen = one;
  find("rows-csv").href = `/api/experts/${one.report_day}/passages.csv${query}`;
  setText(find("rows-title"), t("experts_page.rows_of", { day_on: one.report_day, gate: placeName(one.gate) }));
  find("rows").hidden = false;
  drawRows();
  find("rows").focus();
}

function drawRows() {
  const sought = find("search").value.trim().toLocaleLowerCase();
  const wanted = passages.filter((one) => (!find("only-gaps").checked || one.missing.length) && (!sought || Object.values(cells(one)).join(" ").toLocaleLowerCase().includes(sought)));
  const empty = element("tr", {}, element("td", { colspan: 9, class: "empty" }, t("experts_page.no_rows")));
  find("passages").replaceChildren(...(wanted.length ? wanted.map(rowOf) : [empty]));
  drawProjects(wanted);
}

function cells(one) {
  const isOpened = one.full_name !== undefined;
  const named = (value) => (isOpened ? value || t("experts_page.erased") : "");
  return { number: one.case_number, at: time(one.observed_at), lane: laneWords(one.lane_id), disposition: word("Disposition", one.disposition), missing: steps(one.missing) || t("experts_page.no_gap"), exception: one.exception_code ? word("ExceptionCode", one.exception_code) : "", employer: named(one.employer), project: named(one.project), who: named(one.full_name) };
}

function rowOf(one) {
  const { number, missing, ...rest } = cells(one);
  const gap = element("td", {}, element("span", { class: "chip", "data-tone": one.missing.length ? "stop" : "go" }, `${one.missing.length ? "!" : "✓"} ${missing}`));
  const link = element("th", { scope: "row" }, element("a", { href: `/desk/${encodeURIComponent(one.crossing_id)}` }, number));
  const cell = (name) => element("td", {}, rest[name]);
  return element("tr", {}, link, cell("at"), cell("lane"), cell("disposition"), gap, cell("exception"), cell("employer"), cell("project"), cell("who"));
}

// By employer and project, as soon as somebody may see them.
function drawProjects(shown) {
  const groups = new Map();
  for (const one of shown.filter((each) => each.employer || each.project)) {
    const name = [one.employer, one.project].filter(Boolean).join(" · ");
    const { due, complete } = groups.get(name) ?? { due: 0, complete: 0 };
    groups.set(name, { due: due + 1, complete: complete + (one.missing.length ? 0 : 1) });
  }
  const lines = [...groups].sort().map(([name, { due, complete }]) => element("li", {}, `${name}: ${t("experts_page.summary", { complete, due })}`));
  find("projects").replaceChildren(...(lines.length ? [element("h3", {}, t("experts_page.by_project")), element("ul", { class: "lines" }, ...lines)] : []));
}

function askWhy(submit) {
  ask({
    title: t("experts_page.open"),
    fields: [element("p", {}, t("experts_page.open_hint")), selectField({ name: "reason", label: t("desk.why"), choices: LOOKS.map((slug) => [slug, word("LookReason", slug)]), required: true, autofocus: true }), inputField({ name: "remark", label: t("desk.look_remark"), maxlength: 200 })],
    submitKey: "experts_page.open_do",
    submit: (values) => submit({ ...values, gate: chosen.point_of_entry_id, only_gaps: find("only-gaps").checked }),
  });
}

find("open")?.addEventListener("click", () =>
  askWhy(async (body) => {
    const opened = new Map((await send(`/api/experts/${chosen.report_day}/opened`, body)).passages.map((one) => [one.crossing_id, one]));
    passages = passages.map((one) => opened.get(one.crossing_id) ?? one);
    drawRows();
  }),
);
find("open-csv")?.addEventListener("click", () => askWhy((body) => download(`/api/experts/${chosen.report_day}/opened.csv`, { name: `chuyen-gia-${chosen.report_day}.csv`, body })));
find("search").addEventListener("input", drawRows);
find("only-gaps").addEventListener("change", drawRows);
sayFaults(find("until"), { fault: find("until-fault") });
find("until").addEventListener("change", () => isoOf(find("until")) && guarded(refresh));
await guarded(refresh);
