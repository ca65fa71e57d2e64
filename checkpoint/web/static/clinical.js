// The dialog for a clinical thermometer's value: at the lane, and for people who were led aside.
import { ask, inputField, radioField } from "../web/js/dialogs.js";
import { t, word } from "../web/js/labels.js";

export const CLINICAL_SITES = ["ear", "axillary", "oral"];

// 38,6 and 38.6 are the same number; anything else is refused before it is sent.
export function temperatureField() {
  return inputField({ name: "temperature", label: t("lane.temperature"), hint: t("lane.temperature_hint"), inputmode: "decimal", "data-wrong": t("lane.wrong_temperature"), pattern: "[34][0-9]([.,][0-9]{1,2})?", required: true, maxlength: 5, class: "big-number", autofocus: true });
}
export const asNumber = (text) => Number(text.replace(",", "."));

// more: fields of what else may be told with the reading; submit gets their values and the form beside it.
export function askClinical({ submit, more = [] }) {
  ask({
    title: t("lane.recheck_title"),
    fields: [temperatureField(), radioField({ name: "site", label: t("lane.site"), choices: CLINICAL_SITES.map((slug) => [slug, word("MeasuringSite", slug)]), chosen: "ear" }), ...more],
    submitKey: "lane.save",
    submit: ({ temperature, site, ...told }, form) => submit({ temperature_c: asNumber(temperature), site }, told, form),
  });
}
