// Words of the page's language, from the data block that the server filled. A missing word shows its key,
// so that it is seen and mended; a test holds the three languages complete.
import { celsius, celsiusBeside, shown } from "./format.js";

const labels = JSON.parse(document.getElementById("labels").textContent);
export const language = document.documentElement.dataset.language;

export function has(key) {
  const dot = key.indexOf(".");
  return labels[key.slice(0, dot)]?.[key.slice(dot + 1)] !== undefined;
}

// t("lane.saved", {number: 7}): values are shown by the unit their name ends with (_c, _s, _at, _on).
export function t(key, values = {}) {
  const dot = key.indexOf(".");
  const text = labels[key.slice(0, dot)]?.[key.slice(dot + 1)];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? shown(name, values[name]) : whole));
}

export function word(section, slug) {
  return slug === null || slug === undefined || slug === "" ? "—" : has(`${section}.${slug}`) ? t(`${section}.${slug}`) : String(slug);
}

// Values of reasons that are code words, with the section of their words; the same table as the catalogue's.
const WORDS_BEHIND = { category: "TravellerCategory", device_kind: "DeviceKind", direction: "Direction", document_kind: "DocumentKind", exception_code: "ExceptionCode", exposures: "Exposure", missing_steps: "MandatoryStep", overridden: "OverriddenReason", override_code: "OverrideReason", purpose: "PurposeOfCrossing", reading_kind: "ReadingKind", role: "Role", scenario: "ResponseScenario", site: "MeasuringSite", symptoms: "Symptom", unusable_because: "UnusableReason" };

// A reading is unusable for a reason of its own, or for what was wrong with its picture.
const wordBehind = (name, slug) => word(name === "unusable_because" && has(`QualityReason.${slug}`) && !has(`UnusableReason.${slug}`) ? "QualityReason" : WORDS_BEHIND[name], slug);

// The sentence of one reason of an assessment: {code, values}.
export function reason({ code, values }) {
  if (!has(`ReasonCode.${code}`)) return code;
  const template = t(`ReasonCode.${code}`);
  return template.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values?.[name];
    if (value === undefined) return whole;
    if (name.endsWith("_lane")) return laneWords(value);
    if (name.endsWith("_c")) return name === "temperature_c" ? celsiusBeside(value, values.threshold_c) : celsius(value);
    if (!(name in WORDS_BEHIND)) return shown(name, value);
    if (value === "") return t("ReasonDetail.nothing");
    const words = String(value).split(",").map((slug) => wordBehind(name, slug.trim())).join(language === "zh" ? "、" : ", ");
    return template.startsWith(whole) ? words : words.charAt(0).toLocaleLowerCase() + words.slice(1);
  });
}

// A lane as people call it, by its id or by its name in the settings: "lane-2" and "Làn 2" are lane 2 in the page's
// language; a name that the gate gave it itself is shown as it is.
export function laneWords(laneName) {
  const number = /^(?:lane-|Làn )(\d+)$/.exec(laneName?.normalize("NFC") ?? "")?.[1];
  return number ? t("look.lane_number", { number }) : laneName;
}

// Names of places come in all languages: {vi, en, zh}, or as one string.
export function placeName(name) {
  if (name === null || name === undefined) return "—";
  return typeof name === "string" ? name : name[language] ?? name.vi ?? "—";
}
