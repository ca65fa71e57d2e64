// The shift: begin and end with the own temperature, read what was left, see who is planned, enter what was on paper.
import { read, Refused, send } from "../web/js/api.js";
import { learnNow } from "../web/js/clocks.js";
import { ask, inputField, radioField, selectField, textField } from "../web/js/dialogs.js";
import { element, find, setText } from "../web/js/elements.js";
import { date, integer, timeOrDate } from "../web/js/format.js";
import { has, laneWords, t, word } from "../web/js/labels.js";
import { asNumber, temperatureField } from "./clinical.js";
import { enterLine, voidLine } from "./paper_line.js";
import { searching } from "./rows.js";

const OWN_SITES = ["ear", "oral", "axillary"];
const REFRESH_MS = 15000;
const choices = (section, slugs) => slugs.map((slug) => [slug, word(section, slug)]);
let page = null;
const again = searching(find("search"), () => document.querySelectorAll("#handovers > li, #gaps > li, #roster > li, #reports > li, #blocks > li"));

async function refresh() {
  try {
    show(await read("/api/shift"));
    setText(find("error"), "");
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

const laneName = (laneId) => laneWords(page.lanes.find((lane) => lane.lane_id === laneId)?.label ?? laneId);
const shiftName = (code) => (has(`shift_page.code_${code}`) ? t(`shift_page.code_${code}`) : code);
const line = (...parts) => element("li", {}, ...parts);
const fill = (id, rows, emptyKey) => find(id).replaceChildren(...(rows.length ? rows : [line(element("span", { class: "dim" }, t(`shift_page.${emptyKey}`)))]));

function show(next) {
  page = next;
  learnNow(next.now);
  const own = next.own;
  setText(find("own"), own ? t("shift_page.own_since", { lane: laneName(own.lane_id), shift: shiftName(own.shift_code), opened_at: own.opened_at, start_c: own.start_c }) : t("shift_page.no_own"));
  find("begin").hidden = Boolean(own);
  find("end").hidden = !own;
  fill("left", leftLines(next.left), "nothing_open");
  fill("present", next.present.map(presentLine), "nobody_present");
  fill("handovers", next.handovers.map(handoverLine), "no_handover");
  fill("gaps", next.gaps.map((gap) => line(element("span", { class: "chip", "data-tone": "wait" }, t("shift_page.gap", { lane: laneName(gap.lane_id), starts_at: gap.starts_at })))), "no_gap");
  find("roster").replaceChildren(...next.roster.map((one) => line(element("span", {}, `${date(one.day)} · ${shiftName(one.shift)} · ${laneName(one.lane_id)}`), element("span", { class: "strong" }, one.username))));
  fill("reports", next.shifts.map(reportLine), "nothing_open");
  setText(find("missing"), next.missing_paper_numbers.length ? t("shift_page.missing", { numbers: next.missing_paper_numbers.join(", ") }) : t("shift_page.none_missing"));
  fill("blocks", next.blocks.map((block) => line(element("span", {}, t("shift_page.block", { first: String(block.first_number), last: String(block.last_number), used: integer(block.used), unused: integer(block.unused) })), element("a", { class: "button", href: `/api/shift/sheets/${block.first_number}.pdf`, target: "_blank", rel: "noopener" }, t("shift_page.open_sheets")))), "no_block");
  again();
}

function leftLines(left) {
  const counted = ["open_drafts", "open_alarms", "isolated", "in_transit", "waiting_acts", "raised_acts"].filter((key) => left[key] > 0).map((key) => line(`${t(`shift_page.${key}`)}: ${integer(left[key])}`));
  return left.device_faults.length ? [...counted, line(`${t("shift_page.device_faults")}: ${left.device_faults.join(", ")}`)] : counted;
}

function handoverLine(one) {
  const left = leftLines(one.left).map((node) => node.textContent).join(" · ") || t("shift_page.nothing_open");
  const button = one.is_own ? element("span", { class: "dim small" }, t("shift_page.waits_for_next")) : element("button", { class: "button primary", type: "button", onclick: () => takeOver(one.handover_id) }, t("shift_page.take_over"), one === page.handovers.find((other) => !other.is_own) ? element("kbd", {}, "F3") : null);
  return line(element("span", { class: "strong" }, `${one.given_by} · ${laneName(one.lane_id)} · ${timeOrDate(one.given_at)}`), button, element("p", { class: "notes" }, [left, one.notes].filter(Boolean).join("\n")));
}

// Who is in a shift; the head of the gate ends one that its officer forgot.
function presentLine(one) {
  const mayEnd = find("present").dataset.mayEnd === "yes";
  return line(element("span", {}, `${one.username} · ${laneName(one.lane_id)} · ${shiftName(one.shift_code)} · ${timeOrDate(one.opened_at)}`), mayEnd ? element("button", { class: "button", type: "button", onclick: () => endFor(one) }, t("shift_page.end_for")) : null);
}

function endFor(one) {
  ask({
    title: `${t("shift_page.end_for")}: ${one.username}`,
    fields: [element("p", { class: "hint" }, t("shift_page.end_for_hint")), textField({ name: "reason", label: t("lane.reason_in_words"), required: true, autofocus: true })],
    submitKey: "shift_page.end_for",
    submit: async ({ reason }) => {
      await send("/api/shift/end-for", { shift_id: one.shift_id, reason });
      await refresh();
    },
  });
}

function reportLine(one) {
  const query = `day=${one.day}&shift=${one.code}`;
  return line(element("span", {}, `${date(one.day)} · ${shiftName(one.code)}`), element("a", { class: "button", href: `/api/shift/report.pdf?${query}`, target: "_blank", rel: "noopener", "aria-label": `${t("shift_page.print_report")} ${date(one.day)} ${shiftName(one.code)}` }, t("shift_page.print_report")));
}

async function guarded(work, told) {
  try {
    await work();
    setText(find("told"), told);
    await refresh();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

const takeOver = (handoverId) => guarded(() => send(`/api/shift/handovers/${handoverId}/take`), t("shift_page.taken_over"));
const takeFirst = () => { const first = page?.handovers.find((one) => !one.is_own); if (first) takeOver(first.handover_id); };

// A raised temperature of one's own stays on the page until it is left: the head of the gate must be told.
function judge({ done }) {
  find("raised").hidden = !done.is_raised;
  if (done.is_raised) setText(find("raised"), t("shift_page.raised", { own_c: done.temperature_c, limit_c: done.limit_c }));
}

const ownFields = () => [temperatureField(), radioField({ name: "site", label: t("lane.site"), choices: choices("MeasuringSite", OWN_SITES), chosen: "ear" })];

function begin() {
  if (!page || page.own) return;
  const shift_id = crypto.randomUUID();
  ask({
    title: t("shift_page.begin"),
    fields: [...ownFields(), selectField({ name: "lane_id", label: t("shift_page.lane"), choices: page.lanes.map((lane) => [lane.lane_id, laneWords(lane.label)]) })],
    submitKey: "shift_page.begin",
    submit: async ({ temperature, site, lane_id }) => {
      judge(await send("/api/shift/open", { shift_id, lane_id, temperature_c: asNumber(temperature), site }));
      await refresh();
    },
  });
}

function end() {
  const own = page?.own;
  if (!own) return;
  ask({
    title: t("shift_page.end"),
    fields: [element("p", {}, leftLines(page.left).map((node) => node.textContent).join(" · ") || t("shift_page.nothing_open")), ...ownFields(), textField({ name: "notes", label: t("shift_page.notes") })],
    submitKey: "shift_page.end",
    submit: async ({ temperature, site, notes }) => {
      judge(await send("/api/shift/close", { shift_id: own.shift_id, temperature_c: asNumber(temperature), site, notes }));
      await refresh();
    },
  });
}

function printSheets() {
  const block_id = crypto.randomUUID();
  ask({
    title: t("shift_page.print_sheets"),
    fields: [inputField({ name: "sheets", label: t("shift_page.how_many"), type: "number", min: 1, max: 50, value: "2", required: true })],
    submitKey: "shift_page.print_sheets",
    submit: async ({ sheets }) => {
      await send("/api/shift/sheets", { block_id, sheets: Number(sheets) });
      await refresh();
    },
  });
}

const enter = () => enterLine({ page, done: (words) => { setText(find("told"), words); return refresh(); } });
const spoil = () => voidLine({ done: refresh });

const KEYS = { F2: () => (page?.own ? end() : begin()), F3: takeFirst, F4: enter, F5: spoil, F6: printSheets, F7: () => find("export").click() };
const BUTTONS = { begin, end, "enter-line": enter, "void-line": spoil, "print-sheets": printSheets };
for (const [id, run] of Object.entries(BUTTONS)) find(id).addEventListener("click", run);
document.addEventListener("keydown", (event) => {
  if (!KEYS[event.key] || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  KEYS[event.key]();
});
await refresh();
setInterval(refresh, REFRESH_MS);
