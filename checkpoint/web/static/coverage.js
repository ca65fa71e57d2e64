// Coverage of a day: each lane and hour, gaps first; every figure opens its rows.
import { read, Refused, send } from "../web/js/api.js";
import { element, find, setText } from "../web/js/elements.js";
import { celsius, date, integer, time, timeWithSeconds } from "../web/js/format.js";
import { ask, checkField, inputField, momentField, sayFaults } from "../web/js/dialogs.js";
import { has, laneWords, t, word } from "../web/js/labels.js";
import { isoOf, showIso } from "../web/js/moments.js";
import { searching } from "./rows.js";

const FIGURES = ["seen", "seen_not_logged", "logged", "measured", "excepted", "turned_back", "not_measured", "listed", "listed_not_logged", "logged_not_listed"];
const GAPS = new Set(["seen_not_logged", "not_measured", "listed_not_logged", "logged_not_listed"]);
const DAY_MS = 86_400_000, LARGEST_LIST_BYTES = 8_000_000;
const again = searching(find("search"), () => [...find("hours").children, ...find("rows").children]);
const mayAct = Boolean(document.querySelector('[data-key="F3"]'));
let shown = null, opened = null, told = "";

function tell(problem) {
  if (!(problem instanceof Refused)) throw problem;
  setText(find("error"), problem.words);
}

async function attempt(work) {
  setText(find("error"), "");
  try {
    await work();
  } catch (problem) {
    tell(problem);
  }
}

const chosenDay = () => isoOf(find("day"));
const laneName = (lane_id) => (lane_id === "" ? t("coverage.no_lane") : laneWords(shown.lanes[lane_id] ?? lane_id));
const hourWords = (starts_at) => `${time(starts_at)}–${time(new Date(new Date(starts_at).getTime() + 3_600_000))}`;

async function refresh(day = chosenDay()) {
  shown = await read(`/api/coverage${day ? `?day=${encodeURIComponent(day)}` : ""}`);
  showIso(find("day"), shown.day);
  find("export").href = `/api/coverage/export.csv?day=${encodeURIComponent(shown.day)}`;
  setText(find("told"), told);
  draw();
}

function draw() {
  const lines = find("gaps-only").checked ? shown.lines.filter((line) => line.gaps > 0) : shown.lines;
  const gaps = shown.lines.reduce((sum, line) => sum + line.gaps, 0);
  setText(find("summary"), shown.lines.length ? t(gaps ? "coverage.gaps_found" : "coverage.no_gaps", { count: gaps }) : "");
  setText(find("waiting"), shown.waiting.length ? t("coverage.waiting", { hours: shown.waiting.map(hourWords).join(", ") }) : "");
  find("hours").replaceChildren(...lines.map(lineRow));
  again();
  find("empty").hidden = lines.length > 0;
  setText(find("empty"), t(shown.lines.length ? "coverage.no_gap_rows" : "coverage.nothing_yet", { day_on: shown.day }));
}

function lineRow(line) {
  const { lane_id } = line.counts;
  const cells = FIGURES.map((figure) => element("td", { class: "number" }, cell(line, figure)));
  return element("tr", {}, element("th", { scope: "row" }, hourWords(line.starts_at)), element("td", {}, laneName(lane_id)), ...cells);
}

function cell(line, figure) {
  const count = line.counts[figure] ?? null;
  if (count === null) return element("span", { class: "dim small" }, t((line.counts.listed ?? null) === null ? "coverage.no_list" : "coverage.list_in_part"));
  const isOpened = opened && opened.starts_at === line.starts_at && opened.lane_id === line.counts.lane_id && opened.figure === figure;
  const label = `${t(`coverage.${figure}`)}: ${integer(count)}. ${hourWords(line.starts_at)}, ${laneName(line.counts.lane_id)}`;
  return element("button", { type: "button", class: "figure", "data-tone": GAPS.has(figure) && count > 0 ? "stop" : null, "data-figure": figure, "aria-label": label, "aria-pressed": isOpened ? "true" : "false", onclick: () => attempt(() => open(line, figure)) }, integer(count));
}

const KINDS = {
  passage: [["at", (row) => timeWithSeconds(row.at)], ["device", (row) => row.device_id], ["temperature", (row) => celsius(row.temperature_c)], ["readings", (row) => integer(row.readings)], ["number", (row) => row.document_number_masked || t("coverage.not_logged")], ["reason", (row) => reasonWords(row.reason)]],
  crossing: [["at", (row) => timeWithSeconds(row.at)], ["number", (row) => row.document_number_masked], ["document", (row) => word("DocumentKind", row.document_kind)], ["category", (row) => word("TravellerCategory", row.category)], ["direction", (row) => word("Direction", row.direction)], ["temperature", (row) => celsius(row.temperature_c)], ["exception", (row) => word("ExceptionCode", row.exception_code)], ["disposition", (row) => word("Disposition", row.disposition)]],
  entry: [["at", (row) => timeWithSeconds(row.at)], ["direction", (row) => word("Direction", row.direction)], ["counter", (row) => row.counter || "—"], ["number", (row) => row.document_number_masked || "—"], ["disposition", (row) => word("Disposition", row.disposition) || "—"], ["mark", (row) => row.mark]],
};
const KIND_OF = { seen: "passage", seen_not_logged: "passage", listed: "entry", listed_not_logged: "entry" };
const reasonWords = (slug) => (slug === "" ? "—" : has(`coverage.why_${slug}`) ? t(`coverage.why_${slug}`) : slug);

async function open(line, figure) {
  const { lane_id } = line.counts;
  const asked = new URLSearchParams({ starts_at: line.starts_at, lane_id, figure });
  const { rows } = await read(`/api/coverage/rows?${asked}`);
  opened = { starts_at: line.starts_at, lane_id, figure };
  const columns = KINDS[KIND_OF[figure] ?? "crossing"];
  setText(find("rows-title"), `${t(`coverage.${figure}`)} · ${hourWords(line.starts_at)} · ${laneName(lane_id)}`);
  find("row-columns").replaceChildren(...columns.map(([name]) => element("th", { scope: "col" }, t(`coverage.column_${name}`))));
  find("rows").replaceChildren(...rows.map((row) => element("tr", {}, ...columns.map(([, say]) => element("td", {}, say(row))))));
  find("no-rows").hidden = rows.length > 0;
  find("rows-part").hidden = false;
  draw();
  find("rows-title").focus();
  find("rows-part").scrollIntoView({ block: "nearest" });
}

function close() {
  if (find("rows-part").hidden) return;
  find("rows-part").hidden = true;
  opened = null;
  draw();
}

async function reconcile() {
  const { hours } = await send("/api/coverage/reconcile", { day: chosenDay() });
  told = t("coverage.reconciled", { count: hours });
  close();
  await refresh();
}

// A list says who was stamped; only with the days that it covers whole does it say who was not.
function importList() {
  const day = chosenDay() || shown.day, latest = shown.today;
  ask({
    title: t("coverage.import"),
    fields: [
      inputField({ name: "list", label: t("coverage.list_file"), type: "file", accept: ".csv,text/csv", required: true, autofocus: true }),
      momentField({ name: "first", label: t("coverage.covers_from"), kind: "day", value: day, latest }),
      momentField({ name: "last", label: t("coverage.covers_to"), kind: "day", value: day, latest }),
      element("p", { class: "hint" }, t("coverage.covers_hint")),
      checkField({ name: "replaces", label: t("coverage.replaces"), choices: [["yes", t("coverage.replaces_yes")]] }),
    ],
    submitKey: "coverage.import",
    submit: async ({ first, last, replaces }, form) => {
      const file = form.get("list");
      if (file.size > LARGEST_LIST_BYTES) throw new Refused({ code: "immigration_list_too_long" }, 413);
      if (Boolean(first) !== Boolean(last) || last < first) throw new Refused({ detail_key: "coverage.span_wrong" }, 422);
      const { entries, hours, withdrawn } = await send("/api/coverage/import", { csv: await file.text(), ...spanOf(first, last), replaces: replaces === "yes" });
      told = [t("coverage.imported", { entries, hours }), withdrawn ? t("coverage.withdrawn", { count: withdrawn }) : ""].filter(Boolean).join(" ");
      await refresh();
    },
  });
}

// Whole days in Viet Nam's time; of today only what is over.
function spanOf(first, last) {
  if (!first) return {};
  const midnight = new Date(new Date(`${last}T00:00:00+07:00`).getTime() + DAY_MS);
  const until = new Date(Math.min(midnight.getTime(), new Date(shown.now).getTime()));
  return { covers_from: `${first}T00:00:00+07:00`, covers_to: until.toISOString() };
}

function turnDay(by) {
  const next = new Date(new Date(`${chosenDay() || shown.day}T12:00:00Z`).getTime() + by * DAY_MS).toISOString().slice(0, 10);
  told = "";
  close();
  return attempt(() => {
    if (next > shown.today) throw new Refused({ detail_key: "look.too_late", values: { latest: date(shown.today) } }, 422);
    return refresh(next);
  });
}

const KEYS = {
  F2: () => mayAct && attempt(reconcile),
  F3: () => mayAct && shown && importList(),
  F4: () => { find("gaps-only").checked = !find("gaps-only").checked; draw(); },
  F6: () => turnDay(-1),
  F7: () => turnDay(1),
  F8: () => find("export").click(),
  Escape: close,
};
document.addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  act();
});
for (const button of document.querySelectorAll("button[data-key]")) button.addEventListener("click", KEYS[button.dataset.key]);
find("gaps-only").addEventListener("change", draw);
sayFaults(find("day"), { fault: find("day-fault") });
find("day").addEventListener("change", () => chosenDay() && turnDay(0));
find("columns").replaceChildren(
  ...["hour", "lane"].map((name) => element("th", { scope: "col" }, t(`coverage.column_${name}`))),
  ...FIGURES.map((figure) => element("th", { scope: "col", class: GAPS.has(figure) ? "number gap-head" : "number" }, t(`coverage.${figure}`))),
);
await attempt(() => refresh());
