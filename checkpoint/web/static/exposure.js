// What the officer asks the person in the lane: places and times named by a directive, symptoms, contacts.
import { send } from "../web/js/api.js";
import { ask, checkField, radioField } from "../web/js/dialogs.js";
import { element } from "../web/js/elements.js";
import { placeName, t } from "../web/js/labels.js";
import { choices, EXPOSURES } from "./choices.js";

const KEY = "PageUp";

export const isToAsk = (view) => (view.questions ?? []).some((one) => one.was_there === null);
export const askOffer = (view, run) => (isToAsk(view) ? [["Enter", t("question.key"), run]] : []);

export function askPlaces({ laneId, view, take }) {
  const { person, questions = [], draft_id } = view();
  if (!person) return;
  const fields = questions.map((one, index) =>
    radioField({
      name: `place-${index}`,
      label: `${index + 1}. ${t("question.was_there", { place: placeName(one.names), from_at: one.was_from, to_at: one.was_to })} · ${one.citation.document}, ${one.citation.clause}`,
      choices: [["no", t("question.no")], ["yes", t("question.yes")]],
      chosen: one.was_there === null ? "" : one.was_there ? "yes" : "no",
    }),
  );
  const hint = element("p", { class: "hint" }, t(questions.length ? "question.all_no" : "question.no_places"));
  const dialog = ask({
    title: t("question.title"),
    fields: [
      hint,
      ...fields,
      checkField({ name: "is_symptom_checked", label: t("lane.symptoms_7_days"), choices: [["yes", t("question.symptoms_asked")]], chosen: person.is_symptom_checked ? ["yes"] : [] }),
      checkField({ name: "exposures", label: t("question.exposures"), choices: choices("Exposure", EXPOSURES), chosen: person.exposures ?? [] }),
    ],
    submitKey: "lane.save",
    submit: async (values, form) => {
      const place_answers = questions.map((one, index) => ({ place: one.place, was_there: values[`place-${index}`] === "yes" }));
      take(await send(`/api/lanes/${laneId}/details`, { draft_id, place_answers, exposures: form.getAll("exposures"), is_symptom_checked: values.is_symptom_checked === "yes" }));
    },
  });
  dialog?.addEventListener("keydown", (event) => answerByKey(event, dialog, questions.length));
}

// 0 answers every question with no; 1 to 9 answers that one with yes. Nothing is chosen before somebody asked.
function answerByKey(event, dialog, count) {
  if (event.ctrlKey || event.altKey || event.metaKey || !/^[0-9]$/.test(event.key)) return;
  const choose = (index, value) => {
    const option = dialog.querySelector(`input[name="place-${index}"][value="${value}"]`);
    if (option) option.checked = true;
  };
  const number = Number(event.key);
  if (number > count) return;
  event.preventDefault();
  if (number > 0) return void choose(number - 1, "yes");
  for (let index = 0; index < count; index += 1) choose(index, "no");
  return undefined;
}

export function questionKey(parts) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== KEY || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || document.querySelector("dialog[open]")) return;
    if (!parts.view() || parts.view().is_locked || !parts.view().person) return;
    event.preventDefault();
    askPlaces(parts);
  });
}
