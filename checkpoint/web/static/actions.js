// What the officer can do, each with its key. Every action is one call to the edge; the answer is the new lane.
import { read, send } from "../web/js/api.js";
import { ask, checkField, inputField, radioField, selectField, textField } from "../web/js/dialogs.js";
import { element } from "../web/js/elements.js";
import { celsius, time } from "../web/js/format.js";
import { reason, t, word } from "../web/js/labels.js";
import { CATEGORIES, choices, PURPOSES, SYMPTOMS } from "./choices.js";
import { asNumber, askClinical, CLINICAL_SITES, temperatureField } from "./clinical.js";

const DIRECTIONS = ["entry", "exit", "transit"];
const EXCEPTIONS = ["infant", "medical_condition", "device_failure", "refused_measurement", "emergency_passage"];
const HAND_SITES = ["forehead", "wrist", "ear"];

export function laneActions({ laneId, view, take, fail }) {
  const call = async (name, body) => take(await send(`/api/lanes/${laneId}/${name}`, body));
  const quickly = async (name, body) => {
    try {
      await call(name, body);
    } catch (problem) {
      fail(problem);
    }
  };
  return {
    present: (text) => quickly("present", { text }),
    close: () => quickly("close", { draft_id: view().draft_id }),
    choose: (readingId) => quickly("choose", { reading_id: readingId }),
    recheck: () => askClinical({ submit: (reading) => call("recheck", { crossing_id: view().crossing_id ?? view().draft_id, ...reading }) }),
    setAside: () => quickly("set-aside", { draft_id: view().draft_id }),
    measure: () => askMeasure({ call }),
    except: () => askException({ view, call }),
    details: () => askDetails({ view, call }),
    discard: () => askDiscard({ view, call }),
    callNext: () => quickly("next", {}),
    dropNext: () => quickly("next-discard", {}),
    samePerson: () => quickly("same-person", { draft_id: view().draft_id }),
    sendBack: () => askSendBack({ view, call }),
    stillHere: () => quickly("still-here", { draft_id: view().draft_id }),
    find: () => askFind(),
    correct: () => askCorrect({ refresh: async () => take(await read(`/api/lanes/${laneId}/state`)) }),
  };
}

function askMeasure({ call }) {
  ask({
    title: t("lane.measure_title"),
    fields: [temperatureField(), radioField({ name: "device_kind", label: t("lane.device"), choices: choices("DeviceKind", ["infrared_thermometer", "clinical_thermometer"]), chosen: "infrared_thermometer" }), radioField({ name: "site", label: t("lane.site"), choices: choices("MeasuringSite", [...new Set([...HAND_SITES, ...CLINICAL_SITES])]), chosen: "forehead" })],
    submitKey: "lane.save",
    submit: ({ temperature, site, device_kind }) => call("measure", { temperature_c: asNumber(temperature), device_kind, site }),
  });
}

function askException({ view, call }) {
  const age = ageOfChild(view().person);
  const dialog = ask({
    title: t("lane.exception_title"),
    fields: [radioField({ name: "code", label: t("lane.exception_code"), choices: choices("ExceptionCode", EXCEPTIONS) }), age, textField({ name: "reason", label: t("lane.reason_in_words"), required: true }), checkField({ name: "is_fallback_tried", label: t("question.fallback"), choices: [["yes", t("question.fallback_tried")]] })].filter(Boolean),
    submitKey: "lane.save",
    submit: ({ code, reason, is_fallback_tried, age_years }) => call("exception", { draft_id: view().draft_id, code, reason, is_fallback_tried: is_fallback_tried === "yes", ...(code === "infant" && age_years ? { age_years: Number(age_years) } : {}) }),
  });
  dialog?.querySelector("form").addEventListener("change", ({ currentTarget: form }) => age && askedWith(age, form.elements.code.value === "infant"));
}

// Most border passes carry no birth date: the exception for a small child needs the age that the grown-up says.
function ageOfChild(person) {
  if (!person || person.date_of_birth) return null;
  return askedWith(inputField({ name: "age_years", label: t("question.age"), hint: t("question.age_hint"), type: "number", min: 0, max: 130, value: person.age_years ?? "", inputmode: "numeric" }), false);
}

function askedWith(field, isAsked) {
  field.hidden = !isAsked;
  field.querySelector("input").required = isAsked;
  return field;
}

function askDetails({ view, call }) {
  const person = view().person;
  if (!person) return;
  ask({
    title: t("lane.details_title"),
    fields: [
      selectField({ name: "category", label: t("lane.category"), choices: choices("TravellerCategory", CATEGORIES), chosen: person.category, autofocus: true }),
      selectField({ name: "purpose", label: t("lane.purpose"), choices: choices("PurposeOfCrossing", PURPOSES), chosen: person.purpose }),
      checkField({ name: "has_declaration", label: t("lane.declaration"), choices: [["yes", t("lane.declared")]], chosen: person.has_declaration ? ["yes"] : [] }),
      checkField({ name: "symptoms", label: t("lane.symptoms_7_days"), choices: choices("Symptom", SYMPTOMS), chosen: person.symptoms ?? [] }),
      inputField({ name: "visited_areas", label: t("lane.visited_areas"), hint: t("lane.visited_areas_hint"), value: (person.visited_areas ?? []).join(", "), maxlength: 200 }),
      inputField({ name: "vehicle_plate", label: t("lane.vehicle"), value: person.vehicle_plate ?? "", maxlength: 20 }),
      ...stepsOfExpert(person),
    ],
    submitKey: "lane.save",
    submit: ({ category, purpose, has_declaration, visited_areas, vehicle_plate, ...expert }, form) =>
      call("details", { ...ofExpert(expert), category, purpose, has_declaration: has_declaration === "yes", symptoms: form.getAll("symptoms"), visited_areas: visited_areas.split(/[,;]\s*/).map((area) => area.trim()).filter(Boolean), vehicle_plate }),
  });
}

// An expert passes only with employer and project known and the symptoms asked about (R014).
function stepsOfExpert(person) {
  if (person.category !== "expert") return [];
  return [
    checkField({ name: "is_symptom_checked", label: t("lane.symptoms_7_days"), choices: [["yes", t("question.symptoms_asked")]], chosen: person.is_symptom_checked ? ["yes"] : [] }),
    inputField({ name: "employer", label: t("question.employer"), value: person.employer ?? "", maxlength: 200 }),
    inputField({ name: "project", label: t("question.project"), value: person.project ?? "", maxlength: 200 }),
  ];
}

const ofExpert = ({ employer, project, is_symptom_checked }) => (employer === undefined ? {} : { employer: employer.trim(), project: project.trim(), is_symptom_checked: is_symptom_checked === "yes" });

function askDiscard({ view, call }) {
  ask({
    title: t("lane.discard_title"),
    fields: [textField({ name: "reason", label: t("lane.reason_in_words"), required: true, autofocus: true })],
    submitKey: "lane.discard",
    tone: "danger",
    submit: ({ reason }) => call("discard", { draft_id: view().draft_id, reason }),
  });
}

// The clauses that speak against the document stand above the words that the officer writes.
const DOCUMENT_GROUNDS = ["document_expired", "document_cancelled", "presented_elsewhere", "still_in_care"];
export const groundsOf = (view) => (view.verdict?.reasons ?? []).filter((one) => DOCUMENT_GROUNDS.includes(one.code) && one.severity !== "note");

function askSendBack({ view, call }) {
  const lines = groundsOf(view()).map((one) => element("li", {}, reason(one), element("p", { class: "clause" }, [one.citation?.document, one.citation?.clause].filter(Boolean).join(" · "))));
  ask({
    title: t("lane.do_send_back"),
    fields: [element("ul", { class: "grounds" }, ...lines), element("p", { class: "hint" }, t("lane.send_back_hint")), textField({ name: "reason", label: t("lane.reason_in_words"), required: true, autofocus: true })],
    submitKey: "lane.do_send_back",
    tone: "danger",
    submit: (given) => call("send-back", { draft_id: view().draft_id, reason: given.reason }),
  });
}

const lineOf = (one) => `${time(one.observed_at)} · ${one.is_erased ? t("lane.erased") : one.full_name || one.document_number_masked || one.crossing_id} · ${word("TravellerCategory", one.category)} · ${celsius(one.temperature_c)} · ${word("Disposition", one.disposition)}${one.case_class ? ` · ${word("CaseClass", one.case_class)}` : ""}`;

function askFind() {
  const found = element("ul", { class: "found", tabindex: "0", "aria-label": t("lane.found") });
  const search = async ({ query }) => {
    const { crossings } = await send("/api/crossings/find", { query });
    found.replaceChildren(...(crossings.length ? crossings.map((one) => element("li", {}, lineOf(one))) : [element("li", { class: "empty" }, t("lane.nothing_found"))]));
    return crossings;
  };
  const dialog = ask({ title: t("lane.key_find"), fields: [inputField({ name: "query", label: t("lane.find_by"), maxlength: 64, autofocus: true }), found] });
  dialog?.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  dialog?.querySelector("input").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    search({ query: event.target.value }).catch((problem) => found.replaceChildren(element("li", { class: "error-line" }, problem.words)));
  });
}

async function askCorrect({ refresh }) {
  const { crossings } = await read("/api/crossings?limit=8");
  const open = crossings.filter((one) => one.disposition !== "withdrawn");
  if (open.length === 0) {
    ask({ title: t("lane.key_correct"), fields: [element("p", { class: "empty" }, t("lane.nothing_saved_yet"))] });
    return;
  }
  ask({
    title: t("lane.key_correct"),
    fields: [
      selectField({ name: "crossing_id", label: t("lane.which_crossing"), choices: open.map((one) => [one.crossing_id, lineOf(one)]), chosen: open[0].crossing_id }),
      radioField({ name: "what", label: t("lane.what_to_do"), choices: [["correct", t("lane.do_correct")], ["withdraw", t("lane.do_withdraw")]], chosen: "correct" }),
      selectField({ name: "category", label: t("lane.category"), choices: [["", t("lane.as_it_was")], ...choices("TravellerCategory", CATEGORIES)] }),
      selectField({ name: "purpose", label: t("lane.purpose"), choices: [["", t("lane.as_it_was")], ...choices("PurposeOfCrossing", PURPOSES)] }),
      selectField({ name: "direction", label: t("lane.direction"), choices: [["", t("lane.as_it_was")], ...choices("Direction", DIRECTIONS)] }),
      textField({ name: "reason", label: t("lane.reason_in_words"), required: true }),
    ],
    submitKey: "lane.save",
    submit: async ({ crossing_id, what, reason, ...changes }) => {
      const changed = Object.fromEntries(Object.entries(changes).filter(([, slug]) => slug !== ""));
      await send(`/api/crossings/${crossing_id}/${what}`, what === "correct" ? { reason, ...changed } : { reason });
      await refresh();
    },
  });
}
