// The station's page of the handhelds: a code for a new one, the list of them, and what they sent that somebody must look at.
import { read, Refused, send } from "../web/js/api.js";
import { ask, inputField, radioField, textField } from "../web/js/dialogs.js";
import { drawing, element, find, setText } from "../web/js/elements.js";
import { celsius, duration, plain, timeOrDate } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";
import { placeAnswers, placeFields } from "./place_questions.js";

const REFRESH_MS = 5000;
let view = null, drawn = "";

async function refresh() {
  try {
    view = await read("/api/handhelds");
    setText(find("error"), "");
    draw();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

function draw() {
  const wanted = plain(find("search").value.trim());
  const now = JSON.stringify([view.handhelds, view.waiting, wanted, view.now.slice(0, 16)]);
  if (now === drawn) return;
  drawn = now;
  const holds = (...parts) => plain(parts.join(" ")).includes(wanted);
  const devices = view.handhelds.filter((one) => holds(one.label, one.fingerprint));
  const waiting = view.waiting.filter((one) => holds(headingOf(one), one.officer_ref, labelOf(one), reasonOf(one)));
  const nothing = (key) => element("li", { class: "empty" }, t(`handheld.${key}`));
  find("devices").replaceChildren(...(devices.length ? devices.map(deviceRow) : [nothing(view.handhelds.length ? "none_found" : "no_devices")]));
  find("waiting").replaceChildren(...(waiting.length ? waiting.map(waitingRow) : [nothing(view.waiting.length ? "none_found" : "no_waiting")]));
}

function deviceRow(one) {
  const told = one.revoked_at ? element("p", { class: "strong" }, t("handheld.device_revoked", one)) : element("button", { type: "button", class: "button danger", "aria-label": `${t("handheld.revoke")} ${one.label}`, onclick: () => askRevoke(one) }, t("handheld.revoke"));
  return element("li", {}, element("p", { class: "strong" }, one.label), element("p", { class: "small" }, t("handheld.device_line", { ...one, enrolled_at: one.enrolled_at, seen_at: one.seen_at })), told);
}

const headingOf = (one) => `${timeOrDate(one.answer.observed_at)} · ${one.document_hint} · ${celsius(one.temperature_c)}`;
const reasonOf = ({ answer: { code, values } }) => new Refused({ code, values }, 409).words;
const labelOf = (one) => view.handhelds.find((device) => device.handheld_id === one.handheld_id)?.label ?? "";

function waitingRow(one) {
  const buttons = element("p", { class: "row" }, element("button", { type: "button", class: "button primary", onclick: () => askConfirm(one) }, t("handheld.confirm")), element("button", { type: "button", class: "button", onclick: () => askAside(one) }, t("handheld.aside")));
  const age = t(one.is_overdue ? "handheld.waits_overdue" : "handheld.waits_since", { age: duration((new Date(view.now) - new Date(one.received_at)) / 1000) });
  return element("li", { "data-act": one.act_id, "data-overdue": one.is_overdue ? "yes" : null }, element("p", { class: "strong" }, headingOf(one)), element("p", { class: one.is_overdue ? "error-line" : "small" }, age), element("p", { class: "error-line" }, reasonOf(one)), buttons);
}

const pictureOf = ({ path, size }) => drawing("svg", { class: "code-picture", role: "img", "aria-label": t("handheld.code_picture"), viewBox: `0 0 ${size} ${size}` }, drawing("path", { class: "ground", d: `M0 0h${size}v${size}h-${size}z` }), drawing("path", { class: "marks", d: path }));

function askRevoke(one) {
  const choices = ["lost", "replaced", "taken_out"].map((reason) => [reason, word("HandheldRevocation", reason)]);
  ask({
    title: t("handheld.revoke_title", one),
    fields: [radioField({ name: "reason", label: t("handheld.revoke_why"), choices })],
    submitKey: "handheld.revoke",
    tone: "danger",
    submit: async ({ reason }) => {
      await send(`/api/handhelds/${one.handheld_id}/revoke`, { reason });
      await refresh();
    },
  });
}

// The whole act is shown here only, and that it was looked at is logged.
async function askConfirm(one) {
  const act = await send(`/api/handhelds/acts/${one.act_id}/reveal`);
  const before = act.scans?.[0] ?? act.document?.document_number ?? "";
  ask({
    title: t("handheld.confirm_title"),
    fields: [
      element("p", { class: "strong" }, `${timeOrDate(one.answer.observed_at)} · ${celsius(one.temperature_c)} · ${word("Outcome", act.provisional_outcome)}`),
      inputField({ name: "text", label: t("handheld.document"), value: before, maxlength: 2000, autofocus: true }),
      element("label", { class: "choice" }, element("input", { type: "checkbox", name: "declared", checked: act.has_declaration }), t("handheld.declared")),
      act.exception_code === "infant" ? inputField({ name: "age_years", label: t("question.age"), hint: t("question.age_hint"), type: "number", min: 0, max: 130, value: act.age_years ?? "", required: true }) : null,
      ...placeFields(view.places, act.place_answers),
    ].filter(Boolean),
    submitKey: "handheld.confirm_title",
    submit: async ({ text, declared, age_years }, form) => {
      const changed = text.trim() === before ? {} : { text: text.trim() };
      await send(`/api/handhelds/acts/${one.act_id}/mend`, { ...changed, has_declaration: declared === "on", ...(age_years ? { age_years: Number(age_years) } : {}), ...(view.places.length ? { place_answers: placeAnswers(view.places, form) } : {}) });
      await refresh();
    },
  });
}

function askAside(one) {
  ask({
    title: t("handheld.aside_title"),
    fields: [textField({ name: "reason", label: t("handheld.revoke_why"), required: true, autofocus: true })],
    submitKey: "handheld.aside",
    submit: async ({ reason }) => {
      await send(`/api/handhelds/acts/${one.act_id}/set-aside`, { reason });
      await refresh();
    },
  });
}

find("code-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const told = await send("/api/handhelds/codes", { label: find("code-label").value.trim(), address: window.location.origin });
    setText(find("code-told"), t("handheld.code_shown", { code: told.code, until: timeOrDate(told.expires_at) }));
    setText(find("address"), t("handheld.station_hint", { address: `${told.address}/handheld/` }));
    find("code-picture").replaceChildren(pictureOf(told.picture));
    find("code-form").reset();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
});
find("search").addEventListener("input", () => view && draw());
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.key === "F7") find("export").click();
  else if (event.key === "/" && !document.activeElement?.matches("input, select, textarea")) find("search").focus();
  else return;
  event.preventDefault();
});
setText(find("address"), t("handheld.station_hint", { address: `${window.location.origin}/handheld/` }));
refresh();
setInterval(refresh, REFRESH_MS);
