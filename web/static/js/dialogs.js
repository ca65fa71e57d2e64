// One modal dialog at a time: native <dialog> traps the focus; Escape closes it and loses nothing on the server.
import { element } from "./elements.js";
import { t } from "./labels.js";
import { Refused } from "./api.js";

// fields: elements made by the functions below. submit(values) may throw Refused: its words show at the foot.
export function ask({ title, fields, submitKey, submit, tone = "primary" }) {
  if (document.querySelector("dialog[open]")) return;
  const error = element("p", { class: "error-line", role: "alert" });
  const heading = element("h2", { id: "dialog-title" }, title);
  const form = element("form", { method: "dialog" }, heading, ...fields, error, buttons({ submitKey, tone }));
  const dialog = element("dialog", { "aria-labelledby": "dialog-title" }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.textContent = "";
    try {
      await submit(Object.fromEntries(new FormData(form)), new FormData(form));
      dialog.close();
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      error.textContent = problem.words;
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  (form.querySelector("[autofocus]") ?? form.querySelector("input, select, textarea, button"))?.focus();
  return dialog;
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
