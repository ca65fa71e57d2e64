// What the officer asks and notes of a person, the same as at the lane: who they are to the rules, symptoms, contacts, places and times.
// Nothing is chosen before somebody asked; what is left as it is, the edge takes from the document.
import { checkField, inputField, selectField } from "../../web/js/dialogs.js";
import { find, setText } from "../../web/js/elements.js";
import { t } from "../../web/js/labels.js";
import { CATEGORIES, choices, EXPOSURES, PURPOSES, SYMPTOMS } from "../choices.js";
import { placeAnswers, placeFields } from "../place_questions.js";

let places = [], drawn = "";
const asItIs = (section, slugs) => [["", t("handheld.as_documents_say")], ...choices(section, slugs)];

// The places of the rules in force; drawn anew only when they change, so that no answer is drawn over.
export function drawQuestions(bundle) {
  const now = JSON.stringify(bundle?.places ?? []);
  if (now === drawn) return;
  drawn = now;
  places = bundle?.places ?? [];
  find("questions-fields").replaceChildren(
    checkField({ name: "symptoms", label: t("lane.symptoms_7_days"), choices: choices("Symptom", SYMPTOMS) }),
    checkField({ name: "is_symptom_checked", label: t("question.title"), choices: [["yes", t("question.symptoms_asked")]] }),
    checkField({ name: "exposures", label: t("question.exposures"), choices: choices("Exposure", EXPOSURES) }),
    ...placeFields(places),
    selectField({ name: "category", label: t("lane.category"), choices: asItIs("TravellerCategory", CATEGORIES) }),
    selectField({ name: "purpose", label: t("lane.purpose"), choices: asItIs("PurposeOfCrossing", PURPOSES) }),
    inputField({ name: "visited_areas", label: t("lane.visited_areas"), hint: t("lane.visited_areas_hint"), maxlength: 200 }),
    inputField({ name: "vehicle_plate", label: t("lane.vehicle"), maxlength: 20 }),
    inputField({ name: "employer", label: t("question.employer"), maxlength: 200 }),
    inputField({ name: "project", label: t("question.project"), maxlength: 200 }),
  );
}

// The fields of an act, only those that somebody filled in.
export function answers() {
  const form = new FormData(find("act")), text = (name) => (form.get(name) ?? "").trim();
  const fields = {
    category: text("category") || null,
    purpose: text("purpose") || null,
    symptoms: form.getAll("symptoms"),
    exposures: form.getAll("exposures"),
    is_symptom_checked: form.get("is_symptom_checked") === "yes" || null,
    place_answers: placeAnswers(places, form),
    visited_areas: text("visited_areas").split(/[,;]\s*/).map((area) => area.trim()).filter(Boolean),
    ...Object.fromEntries(["vehicle_plate", "employer", "project"].map((name) => [name, text(name) || null])),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value.length !== 0));
}

export function drawSummary() {
  const count = Object.keys(answers()).length, open = places.length - (answers().place_answers ?? []).length;
  setText(find("questions-told"), [count ? t("handheld.questions_answered", { count }) : "", open ? t("handheld.places_open", { count: open }) : ""].filter(Boolean).join(" · "));
}
