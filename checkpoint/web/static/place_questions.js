// Places and times that a directive asks about, for an act of a handheld: on the device, and where it is put right.
import { radioField } from "../web/js/dialogs.js";
import { placeName, t } from "../web/js/labels.js";

// Nothing is chosen before somebody asked; who is excused from the question is for the edge to say, so no answer is compelled.
export function placeFields(places, given = []) {
  return places.map((one, place) => {
    const known = given.find((answer) => answer.place === one.place);
    const words = `${t("question.was_there", { place: placeName(one.names), from_at: one.was_from, to_at: one.was_to })} · ${one.clause}`;
    const field = radioField({ name: `place-${place}`, label: words, choices: [["no", t("question.no")], ["yes", t("question.yes")]], chosen: known ? (known.was_there ? "yes" : "no") : "-" });
    for (const box of field.querySelectorAll("input")) box.required = false;
    return field;
  });
}

export const placeAnswers = (places, form) =>
  places.flatMap((one, place) => (form.has(`place-${place}`) ? [{ place: one.place, was_there: form.get(`place-${place}`) === "yes" }] : []));
