// A numbered line of paper, entered when machines work again: all that the lane asks, as it stands on the sheet.
import { Refused, send } from "../web/js/api.js";
import { codeOf, codes, country } from "../web/js/countries.js";
import { ask, checkField, inputField, momentField, radioField, selectField } from "../web/js/dialogs.js";
import { element } from "../web/js/elements.js";
import { laneWords, t } from "../web/js/labels.js";
import { choices, SYMPTOMS } from "./choices.js";
import { asNumber } from "./clinical.js";
import { placeAnswers, placeFields } from "./place_questions.js";

const SITES = ["forehead", "wrist", "ear", "oral", "axillary"], THERMOMETERS = ["infrared_thermometer", "clinical_thermometer"];
const DOCUMENTS = ["border_pass", "passport", "border_permit", "identity_card", "crew_certificate", "other"], DIRECTIONS = ["entry", "exit"];
const EXCEPTIONS = ["infant", "medical_condition", "device_failure", "refused_measurement", "emergency_passage"];
const WHEREABOUTS = ["here", "handed_over", "left"], VOID_REASONS = ["spoilt", "left_blank", "entered_at_lane", "sheet_lost"];

const numberField = () => inputField({ name: "number", label: t("shift_page.number"), hint: t("shift_page.number_hint"), required: true, autofocus: true, maxlength: 12, autocapitalize: "characters", spellcheck: "false" });

// 12-KM, 12 km and 12KM are the same number with its mark.
function numberOf(text) {
  const [, number, mark] = /^\s*(\d{1,8})[\s-]*([A-Za-z]{2})\s*$/.exec(text) ?? [];
  if (!number) throw new Refused({ detail_key: "shift_page.number_wrong", code: "paper_mark_wrong" }, 422);
  return { number: Number(number), mark: mark.toUpperCase() };
}

// The hour stands on the paper; the day is today unless another is given.
function writtenAt(day, hour) {
  const at = new Date(`${day}T${hour}:00+07:00`);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}

function stateOf(text) {
  if (!text.trim()) return null;
  const code = codeOf(text);
  if (!code) throw new Refused({ detail_key: "lane.document_state_wrong", code: "state_unknown" }, 422);
  return code;
}

const documentOf = ({ kind, text, full_name }, state) => (kind ? { document: { kind, document_number: text, full_name, ...(state ? { issuing_state: state, nationality: state } : {}) } } : { text, full_name, ...(state ? { nationality: state } : {}) });

const measuredOf = (given) => (given.exception_code ? { exception_code: given.exception_code, exception_reason: given.exception_reason || null, age_years: given.age_years ? Number(given.age_years) : null } : { temperature_c: given.temperature ? asNumber(given.temperature) : null });

function fieldsOf(page) {
  const today = new Date(new Date(page.now).getTime() + 7 * 3600 * 1000).toISOString().slice(0, 10);
  const states = element("datalist", { id: "states" }, ...codes().map((code) => element("option", { value: code }, country(code))));
  return [
    numberField(),
    momentField({ name: "day", label: t("shift_page.day"), kind: "day", value: today, latest: today, required: true }),
    momentField({ name: "hour", label: t("shift_page.hour"), kind: "time", required: true }),
    selectField({ name: "lane_id", label: t("shift_page.lane"), choices: page.lanes.map((lane) => [lane.lane_id, laneWords(lane.label)]) }),
    selectField({ name: "direction", label: t("lane.direction"), choices: [["", t("shift_page.direction_of_lane")], ...choices("Direction", DIRECTIONS)] }),
    inputField({ name: "text", label: t("shift_page.document"), maxlength: 60, required: true }),
    selectField({ name: "kind", label: t("shift_page.kind"), choices: [["", t("shift_page.kind_by_number")], ...choices("DocumentKind", DOCUMENTS)] }),
    inputField({ name: "full_name", label: t("shift_page.full_name"), maxlength: 200 }),
    inputField({ name: "state", label: t("lane.document_state"), hint: t("lane.document_state_hint"), list: "states", maxlength: 60 }),
    states,
    checkField({ name: "has_declaration", label: t("lane.declaration"), choices: [["yes", t("lane.declared")]], chosen: ["yes"] }),
    checkField({ name: "symptoms", label: t("lane.symptoms_7_days"), choices: choices("Symptom", SYMPTOMS) }),
    ...placeFields(page.asked ?? []),
    selectField({ name: "exception_code", label: t("shift_page.temperature_step"), choices: [["", t("shift_page.measured")], ...choices("ExceptionCode", EXCEPTIONS)] }),
    inputField({ name: "temperature", label: t("shift_page.temperature"), inputmode: "decimal", maxlength: 5 }),
    selectField({ name: "device_kind", label: t("lane.device"), choices: choices("DeviceKind", THERMOMETERS) }),
    selectField({ name: "site", label: t("lane.site"), choices: choices("MeasuringSite", SITES) }),
    inputField({ name: "age_years", label: t("question.age"), hint: t("question.age_hint"), type: "number", min: 0, max: 130 }),
    inputField({ name: "exception_reason", label: t("shift_page.reason"), maxlength: 200 }),
    selectField({ name: "whereabouts", label: t("shift_page.whereabouts"), choices: [["", t("shift_page.whereabouts_not_alarm")], ...choices("PaperWhereabouts", WHEREABOUTS)] }),
    inputField({ name: "whereabouts_words", label: t("shift_page.whereabouts_words"), maxlength: 200 }),
  ];
}

// done(words): the line is saved.
export function enterLine({ page, done }) {
  if (!page) return;
  const entry_id = crypto.randomUUID();
  ask({
    title: t("shift_page.enter_line"),
    fields: fieldsOf(page),
    submitKey: "shift_page.enter_line",
    submit: async (given, form) => {
      const state = stateOf(given.state);
      const answers = placeAnswers(page.asked ?? [], form);
      await send("/api/shift/lines", {
        entry_id,
        ...numberOf(given.number),
        written_at: writtenAt(given.day, given.hour),
        lane_id: given.lane_id,
        ...(given.direction ? { direction: given.direction } : {}),
        ...documentOf(given, state),
        has_declaration: given.has_declaration === "yes",
        symptoms: form.getAll("symptoms"),
        ...(answers.length ? { place_answers: answers } : {}),
        device_kind: given.device_kind,
        site: given.site,
        ...measuredOf(given),
        ...(given.whereabouts ? { whereabouts: given.whereabouts, whereabouts_words: given.whereabouts_words || null } : {}),
      });
      await done(t("shift_page.line_entered", { number: given.number.toUpperCase() }));
    },
  });
}

export function voidLine({ done }) {
  ask({
    title: t("shift_page.void_line"),
    fields: [numberField(), radioField({ name: "reason", label: t("shift_page.why_void"), choices: choices("PaperVoidReason", VOID_REASONS) })],
    submitKey: "shift_page.void_line",
    submit: async ({ number, reason }) => {
      await send("/api/shift/void", { ...numberOf(number), reason });
      await done();
    },
  });
}
