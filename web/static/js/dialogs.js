// One modal dialog at a time: native <dialog> traps the focus; Escape closes it and loses nothing on the server.
import { catchScans } from "./bursts.js";
import { element } from "./elements.js";
import { t } from "./labels.js";
import { guideTyping, isoOf, momentShown } from "./moments.js";
import { Refused } from "./api.js";
import { showRefusal } from "./waiting.js";

let answering = null;

// What comes while a dialog is being answered waits until it has closed, or said why not: keys go to what is seen.
export const afterAnswer = (act) => (answering ? void answering.finally(act) : act());

// fields: elements made by the functions below. submit(values) may throw Refused: its words show at the foot.
export function ask({ title, fields, submitKey, submit, tone = "primary" }) {
  if (document.querySelector("dialog[open]")) return;
  const error = element("p", { class: "error-line", role: "alert" });
  const heading = element("h2", { id: "dialog-title" }, title);
  const form = element("form", { method: "dialog" }, heading, ...fields, error, buttons({ submitKey, tone }));
  const dialog = element("dialog", { "aria-labelledby": "dialog-title" }, form);
  const answer = async () => {
    error.textContent = "";
    try {
      await submit(valuesOf(form), new FormData(form));
      dialog.close();
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      showRefusal(problem, { error, button: form.querySelector("[type=submit]") });
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const mine = answer().finally(() => {
      if (answering === mine) answering = null;
    });
    answering = mine;
  });
  const endScans = keepScansOut(dialog, error);
  dialog.addEventListener("keydown", submitByEnter);
  dialog.addEventListener("close", () => {
    endScans();
    dialog.remove();
    takeUpTyping();
  });
  document.body.append(dialog);
  dialog.showModal();
  const first = ["[autofocus]", "input, select, textarea", "[type=submit]", "button"].map((one) => form.querySelector(one)).find(Boolean);
  first?.focus();
  return dialog;
}

// A document scanned while words are asked for is no answer: it must not stand in a reason in clear, nor press a button.
function keepScansOut(dialog, error) {
  const said = () => (error.textContent = t("look.scan_not_here"));
  return catchScans({ covers: () => dialog.open, takesOut: (field) => field instanceof HTMLTextAreaElement, present: said });
}

// The line that says what is wrong with a day appears when its field is left, and would move the button away from under
// the finger: the field is left by the click itself, not by the press before it.
document.addEventListener("mousedown", (event) => {
  const field = document.activeElement;
  if (event.target instanceof Element && field?.matches("[data-moment]") && event.target.closest("[type=submit]")?.form === field.form) event.preventDefault();
});

// Enter does what the button says, from a field of several lines too; Shift and Enter begin a new line there.
function submitByEnter(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !(event.target instanceof HTMLTextAreaElement)) return;
  event.preventDefault();
  event.currentTarget.querySelector("[type=submit]")?.click();
}

// A day and a time are handed on as ISO 8601, whatever form they were written in.
function valuesOf(form) {
  const moments = [...form.querySelectorAll("[data-moment]")].map((field) => [field.name, isoOf(field)]);
  return { ...Object.fromEntries(new FormData(form)), ...Object.fromEntries(moments) };
}

// Chromium gives the focus back when a dialog closes, but not what is typed: keys and scans went nowhere until a click.
function takeUpTyping() {
  const field = document.activeElement;
  field?.blur();
  field?.focus({ preventScroll: true });
}

function buttons({ submitKey, tone }) {
  const cancel = element("button", { class: "button", type: "button", value: "cancel" }, t("look.cancel"), element("kbd", {}, "Esc"));
  cancel.addEventListener("click", () => cancel.closest("dialog").close());
  if (!submitKey) return element("div", { class: "row" }, cancel);
  const submit = element("button", { class: `button ${tone}`, type: "submit" }, t(submitKey), element("kbd", {}, "Enter"));
  return element("div", { class: "row" }, cancel, submit);
}

export function inputField({ name, label, hint, type = "text", ...attributes }) {
  const id = `field-${name}`;
  const input = element("input", { id, name, type, autocomplete: "off", "aria-describedby": hint ? `${id}-hint` : null, ...attributes });
  return element("div", { class: "field" }, element("label", { for: id }, label), input, hint ? element("p", { class: "hint", id: `${id}-hint` }, hint) : null);
}

// kind: day, time or instant (both), in and out as ISO 8601; latest: the last one that may be.
export function momentField({ name, label, kind, value: iso = "", latest = "", ...attributes }) {
  const field = inputField({ name, label, placeholder: t(`look.form_${kind}`), value: momentShown(kind, iso), inputmode: "numeric", maxlength: 16, "data-moment": kind, "aria-describedby": `field-${name}-fault`, ...attributes });
  const fault = element("p", { class: "field-fault", id: `field-${name}-fault` });
  field.append(fault);
  sayFaults(field.querySelector("input"), { fault, latest });
  return field;
}

// The words stand at the field, in the page's language: the browser's own bubble speaks the browser's.
export function sayFaults(input, { fault, latest = "" }) {
  const kind = input.dataset.moment;
  const words = () => {
    if (!input.value.trim()) return input.required ? t("look.still_empty") : "";
    const iso = isoOf(input);
    if (!iso) return t(`look.wrong_${kind}`);
    return latest && iso > latest ? t("look.too_late", { latest: momentShown(kind, latest) }) : "";
  };
  const judge = () => {
    input.setCustomValidity(words());
    if (!words()) say("");
  };
  const say = (now) => {
    fault.textContent = now;
    input.setAttribute("aria-invalid", now ? "true" : "false");
  };
  guideTyping(input);
  input.addEventListener("input", judge);
  input.addEventListener("change", () => say(words()));
  input.addEventListener("invalid", (event) => {
    event.preventDefault();
    say(words());
    if (!document.activeElement?.validationMessage) input.focus();
  });
  judge();
}

export function textField({ name, label, ...attributes }) {
  const id = `field-${name}`;
  return element("div", { class: "field" }, element("label", { for: id }, label), element("textarea", { id, name, rows: 2, maxlength: 500, ...attributes }));
}

// choices: [[value, words]]
export function selectField({ name, label, choices, chosen = "", ...attributes }) {
  const id = `field-${name}`;
  const options = choices.map(([value, words]) => element("option", { value, selected: value === chosen }, words));
  return element("div", { class: "field" }, element("label", { for: id }, label), element("select", { id, name, ...attributes }, ...options));
}

export function radioField({ name, label, choices, chosen = "" }) {
  const options = choices.map(([value, words], index) =>
    element("label", { class: "choice" }, element("input", { type: "radio", name, value, required: true, checked: value === chosen, autofocus: chosen ? value === chosen : index === 0 }), words),
  );
  return element("fieldset", {}, element("legend", {}, label), element("div", { class: "choices" }, ...options));
}

export function checkField({ name, label, choices, chosen = [] }) {
  const boxes = choices.map(([value, words]) =>
    element("label", { class: "choice" }, element("input", { type: "checkbox", name, value, checked: chosen.includes(value) }), words),
  );
  return element("fieldset", {}, element("legend", {}, label), element("div", { class: "choices" }, ...boxes));
}
