// The contacts of one case: what they had in common, who they are (on request, logged), and the follow-up day by day.
import { download, read, Refused, send } from "../web/js/api.js";
import { learnNow } from "../web/js/clocks.js";
import { ask, inputField, momentField, radioField, selectField } from "../web/js/dialogs.js";
import { element, find, setText } from "../web/js/elements.js";
import { date, dateTime, dayMonth } from "../web/js/format.js";
import "../web/js/keys.js";
import { laneWords, t, word } from "../web/js/labels.js";

const about = encodeURIComponent(document.body.dataset.crossingId);
const LOOKS = ["contact_tracing", "case_investigation", "care", "request_of_the_person", "audit", "other"];
const OUTCOMES = ["well", "symptoms", "not_reached"];
const TONES = { done: "go", overdue: "stop", due: "wait", not_reached: "wait" };
const MARKS = { done: "✓", overdue: "!", due: "●", not_reached: "?" };
const opened = new Map();
let contacts = [];
let today = "";

async function refresh() {
  try {
    const shown = await read(`/api/desk/${about}/contacts`);
    learnNow(shown.now);
    ({ contacts, today } = shown);
    find("live").hidden = true;
    setText(find("contacts-title"), t("contacts_page.of_case", { case: shown.case_number }));
    draw();
    setText(find("error"), "");
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

function draw() {
  const sought = find("search").value.trim().toLocaleLowerCase();
  const wanted = contacts.filter((one) => !sought || words(one).join(" ").toLocaleLowerCase().includes(sought));
  const empty = element("tr", {}, element("td", { colspan: 9, class: "empty" }, t("contacts_page.none")));
  find("contacts").replaceChildren(...(wanted.length ? wanted.map(lineOf) : [empty]));
}

function words(one) {
  const person = opened.get(one.crossing_id);
  const named = (value) => (person ? value || t("contacts_page.erased") : "");
  return [one.ways.map((way) => t(`contacts_page.way_${way}`)).join(", "), dateTime(one.observed_at), laneWords(one.lane_id), word("Disposition", one.disposition), named(person?.full_name), person?.telephone ?? "", person?.address ?? "", one.case_number];
}

function lineOf(one) {
  const cells = words(one).slice(0, -1).map((text) => element("td", {}, text));
  const link = element("a", { href: `/desk/${encodeURIComponent(one.crossing_id)}` }, one.case_number);
  return element("tr", {}, element("th", { scope: "row" }, link), ...cells, element("td", {}, followUp(one)));
}

function followUp(one) {
  if (!one.days.length) return element("button", { class: "button", type: "button", onclick: () => askFollow(one) }, t("contacts_page.follow"));
  const overdue = one.overdue ? element("p", { class: "small" }, element("strong", {}, t("contacts_page.overdue", { count: one.overdue }))) : null;
  return element("div", {}, overdue, element("ul", { class: "days" }, ...one.days.map((day) => element("li", {}, dayButton(one, day)))));
}

function dayButton(one, day) {
  const said = day.outcome ? t(`contacts_page.outcome_${day.outcome}`) : t(`contacts_page.state_${day.state}`);
  const tone = day.outcome === "symptoms" ? "stop" : TONES[day.state];
  const attributes = { class: "chip", "data-tone": tone ?? null, title: said, "aria-label": `${date(day.day)}: ${said}`, "data-day": day.day };
  const mark = `${MARKS[day.state] ?? ""} ${dayMonth(day.day)}`.trim();
  if (day.day > today) return element("span", { ...attributes, role: "img" }, mark);
  return element("button", { ...attributes, type: "button", onclick: () => askDay(one, day) }, mark);
}

async function saved() {
  setText(find("saved"), t("contacts_page.saved"));
  await refresh();
}

function askFollow(one) {
  ask({
    title: t("contacts_page.follow_title", { case: one.case_number }),
    fields: [momentField({ name: "first_day", label: t("contacts_page.first_day"), kind: "day", value: today, required: true }), inputField({ name: "days", label: t("contacts_page.how_long"), type: "number", min: 1, max: 28, value: 14, required: true })],
    submitKey: "contacts_page.follow",
    submit: async (values) => {
      await send(`/api/desk/${about}/contacts/${encodeURIComponent(one.crossing_id)}/follow`, { first_day: values.first_day, days: Number(values.days) });
      await saved();
    },
  });
}

function askDay(one, day) {
  ask({
    title: t("contacts_page.mark_title", { day_on: day.day, case: one.case_number }),
    fields: [radioField({ name: "outcome", label: t("contacts_page.outcome"), choices: OUTCOMES.map((slug) => [slug, t(`contacts_page.outcome_${slug}`)]), chosen: day.outcome ?? "well" })],
    submitKey: "lane.save",
    submit: async (values) => {
      await send(`/api/desk/${about}/contacts/${encodeURIComponent(one.crossing_id)}/day`, { day: day.day, ...values });
      await saved();
    },
  });
}

function askWhy(submit) {
  ask({
    title: t("contacts_page.open"),
    fields: [element("p", {}, t("contacts_page.open_hint")), selectField({ name: "reason", label: t("desk.why"), choices: LOOKS.map((slug) => [slug, word("LookReason", slug)]), required: true, autofocus: true }), inputField({ name: "remark", label: t("desk.look_remark"), maxlength: 200 })],
    submitKey: "contacts_page.open_do",
    submit,
  });
}

find("open")?.addEventListener("click", () =>
  askWhy(async (body) => {
    for (const one of (await send(`/api/desk/${about}/contacts/opened`, body)).contacts) opened.set(one.crossing_id, one);
    draw();
  }),
);
find("open-csv")?.addEventListener("click", () => askWhy((body) => download(`/api/desk/${about}/contacts/opened.csv`, { name: "tiep-xuc.csv", body })));
find("search").addEventListener("input", draw);
await refresh();
