// What is wrong with a field stands at it, in the page's language: the browser's own bubble speaks the browser's.
// A field may say more in data-wrong. Fields with words of their own (days and times: sayFaults) are left to them.
import { element } from "./elements.js";
import { t } from "./labels.js";

function rangeWords({ min, max }) {
  if (min !== "" && max !== "") return t("look.from_to", { min, max });
  return min === "" ? t("look.at_most", { max }) : t("look.at_least", { min });
}

function wordsOf(field) {
  const { validity } = field;
  if (validity.valid) return "";
  if (validity.customError) return field.validationMessage;
  if (validity.badInput || validity.stepMismatch) return t("look.no_number");
  if (validity.valueMissing) return t(isChoice(field) ? "look.still_unchosen" : "look.still_empty");
  if (validity.rangeUnderflow || validity.rangeOverflow) return rangeWords(field);
  if (validity.tooShort) return t("look.too_short", { count: field.minLength });
  return field.dataset.wrong || t("look.wrong_form");
}

// One line for each question: the boxes of one choice share it.
const isChoice = (field) => ["radio", "checkbox"].includes(field.type);
const holderOf = (field) => (isChoice(field) && field.closest("fieldset")) || field.closest(".field") || field.parentElement;
const knownLine = (field) => holderOf(field).querySelector(":scope > .field-fault");

function lineOf(field) {
  const known = knownLine(field);
  if (known) return known;
  const line = element("p", { class: "field-fault", id: `${field.id || field.name || "field"}-fault` });
  holderOf(field).append(line);
  return line;
}

function say(field) {
  const line = lineOf(field), words = wordsOf(field);
  line.textContent = words;
  if (field.type === "radio") return;
  field.setAttribute("aria-invalid", words ? "true" : "false");
  const described = new Set((field.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean)).add(line.id);
  field.setAttribute("aria-describedby", [...described].join(" "));
}

const isOurs = (field) => field instanceof Element && field.dataset.moment === undefined && "validity" in field;
const firstWrong = (form) => [...form.elements].find((one) => one.willValidate && !one.validity.valid);

// The browser tells of each wrong field in turn and submits nothing; the first one gets the focus.
document.addEventListener("invalid", (event) => {
  const field = event.target;
  if (!isOurs(field)) return;
  event.preventDefault();
  say(field);
  if (!field.form || firstWrong(field.form) === field) field.focus();
}, true);

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, ({ target }) => {
    if (isOurs(target) && target.validity.valid && knownLine(target)?.textContent) say(target);
  }, true);
}
