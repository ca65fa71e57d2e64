// One traveller at a time: documents and codes as raw texts, a temperature or a coded exception, and what the rules on the device say.
import { element, find, setMark, setText } from "../../web/js/elements.js";
import { celsius } from "../../web/js/format.js";
import { t, word } from "../../web/js/labels.js";
import { play } from "../sound.js";
import { hintOf, newAct } from "./acts.js";
import { connectThermometer, hasBluetooth } from "./bluetooth.js";
import { hasScanner, scanCode } from "./camera.js";
import { hasCamera, photographDocument } from "./document_camera.js";
import { answers, drawQuestions, drawSummary } from "./questions.js";
import { noteStopped } from "./stopped.js";
import { isLocked } from "./taking_up.js";
import { keepAct, keepDraft, read, takeDraft } from "./vault.js";
import { ageIn, provisional, temperatureIn } from "./verdict.js";

const MOST_SCANS = 3, LONGEST_SCAN = 2000;
const SHAPES = { go: "✓", wait: "⧗", stop: "✖" };
let scans = [], bundle = null, changed = async () => {};

const thermometer = () => {
  const [device_kind, site] = find("thermometer").value.split(" ");
  return { device_kind, site };
};

const measured = () => ({ ...thermometer(), temperature_c: temperatureIn(find("temperature").value), exception_code: find("exception").value || null, is_fallback_tried: find("fallback").checked, age_years: ageIn(find("age").value), ...answers() });

export function drawWork(rules) {
  bundle = rules ?? null;
  drawQuestions(bundle);
  const select = find("thermometer");
  if (bundle && select.dataset.stamp !== bundle.stamp) {
    const chosen = select.value;
    select.replaceChildren(...bundle.limits.map((one) => element("option", { value: `${one.device_kind} ${one.site}` }, `${word("DeviceKind", one.device_kind)} · ${word("MeasuringSite", one.site)}`)));
    select.value = [...select.options].some((one) => one.value === chosen) ? chosen : usual();
    select.dataset.stamp = bundle.stamp;
    find("exception").replaceChildren(element("option", { value: "" }, t("handheld.no_exception")), ...bundle.exceptions.map((one) => element("option", { value: one.code }, word("ExceptionCode", one.code))));
  }
  showVerdict();
}

const usual = () => (bundle.limits.find((one) => one.device_kind === "infrared_thermometer" && one.site === "forehead") ? "infrared_thermometer forehead" : find("thermometer").options[0]?.value ?? "");

function showVerdict() {
  const given = measured();
  const said = bundle ? provisional(bundle, given) : { tone: "wait", key: "not_measured", isKeepable: false };
  const hasText = find("temperature").value.trim() !== "";
  if (hasText && given.temperature_c === null && !given.exception_code) Object.assign(said, { tone: "wait", key: "no_number", isKeepable: false });
  find("reason-field").hidden = !given.exception_code;
  const rule = bundle?.exceptions.find((one) => one.code === given.exception_code);
  find("fallback-field").hidden = !rule?.asks_fallback;
  find("age-field").hidden = rule?.max_age_years == null;
  drawSummary();
  setMark(find("verdict"), "tone", said.tone);
  setText(find("verdict-shape"), SHAPES[said.tone]);
  setText(find("verdict-word"), t(`handheld.verdict_${said.tone}`));
  setText(find("verdict-why"), t(`handheld.why_${said.key}`, { temperature: celsius(given.temperature_c), limit: celsius(said.limit_c) }));
  return said;
}

function drawScans() {
  find("scans").replaceChildren(...scans.map((text, place) => element("li", { class: "chip" }, text.length > 24 ? `${text.slice(0, 22)}…` : text, element("button", { type: "button", class: "chip-off", "aria-label": t("handheld.take_off"), onclick: () => takeOff(place) }, "×"))));
}

function takeOff(place) {
  scans.splice(place, 1);
  drawScans();
}

export function addScan(text) {
  const plain = text.trim().slice(0, LONGEST_SCAN);
  if (plain && scans.length < MOST_SCANS && !scans.includes(plain)) scans.push(plain);
  drawScans();
}

// The form is free for the next one at once; what was in it comes back if the disk does not take it.
async function keep(event) {
  event.preventDefault();
  if (isLocked()) return undefined;
  const error = find("act-error");
  setText(error, "");
  addScan(find("document").value);
  find("document").value = "";
  const given = measured(), said = showVerdict(), reason = find("reason").value.trim();
  if (!scans.length) return setText(error, t("handheld.lacks_document"));
  if (given.exception_code && reason.replaceAll(/\s/g, "").length < 3) return setText(error, t("handheld.lacks_reason"));
  if (!find("age-field").hidden && given.age_years === null) return setText(error, t("handheld.lacks_age"));
  if (!said.isKeepable) return setText(error, t("handheld.lacks_temperature"));
  const measurement = given.exception_code ? { exception_code: given.exception_code, exception_reason: reason, ...(given.is_fallback_tried ? { is_fallback_tried: true } : {}), ...(given.age_years === null || find("age-field").hidden ? {} : { age_years: given.age_years }) } : { temperature_c: given.temperature_c, ...thermometer() };
  const fields = { scans: [...scans], has_declaration: find("declared").checked, provisional_outcome: said.outcome, ...answers(), ...measurement };
  clear();
  play(said.tone);
  try {
    await write(fields, said);
  } catch (problem) {
    if (!(problem instanceof DOMException)) throw problem;
    setText(error, t("handheld.not_kept", { who: hintOf(fields) }));
    if (!scans.length) fields.scans.forEach(addScan);
    return undefined;
  }
  return changed();
}

async function write(fields, said) {
  const act = await newAct(fields), about = { kind: "crossing", outcome: said.outcome, hint: hintOf(fields), kept_ms: Date.now() };
  if (said.outcome === "recheck") await noteStopped({ act_id: act.act_id, hint: about.hint, temperature_c: fields.temperature_c });
  await keepAct(await read("device", "this"), act, about);
}

function clear() {
  scans = [];
  drawScans();
  const [chosen, isDeclared] = [find("thermometer").value, find("declared").checked];
  find("act").reset();
  find("questions").open = false;
  find("thermometer").value = chosen;
  find("declared").checked = isDeclared;
  showVerdict();
  find("document").focus();
}

// Locked: what is half typed leaves the page, sealed, and comes back to whoever unlocks.
const AS_IT_STANDS = ["document", "thermometer", "declared"];
const keyOf = (field) => [field.name || field.id, ...(["checkbox", "radio"].includes(field.type) ? [field.value] : [])].join("/");
const fieldsOf = () => [...find("act").elements].filter((one) => (one.name || one.id) && !(one instanceof HTMLButtonElement) && !AS_IT_STANDS.includes(one.id));

// Whether anything of a person is in the form.
export const isHalfTyped = () => scans.length > 0 || find("document").value !== "" || fieldsOf().some((one) => (["checkbox", "radio"].includes(one.type) ? one.checked && !one.defaultChecked : one.value !== "" && one.tagName !== "SELECT"));

export async function putAway(device) {
  addScan(find("document").value);
  find("document").value = "";
  const typed = fieldsOf().flatMap((one) => (["checkbox", "radio"].includes(one.type) ? (one.checked ? [[keyOf(one), true]] : []) : one.value ? [[keyOf(one), one.value]] : []));
  const draft = { scans: [...scans], typed };
  const isEmpty = !scans.length && !typed.length;
  clear();
  if (!isEmpty && device?.handheld_id) await keepDraft(device, draft);
}

export async function bringBack(device) {
  const draft = await takeDraft(device);
  if (!draft) return;
  draft.scans.forEach(addScan);
  const typed = new Map(draft.typed);
  for (const field of fieldsOf()) {
    const value = typed.get(keyOf(field));
    if (value === true) field.checked = true;
    else if (value !== undefined) field.value = value;
  }
  showVerdict();
}

async function takeThermometer() {
  const button = find("bluetooth");
  try {
    const name = await connectThermometer({ take: takeReading, gone: () => setText(find("bluetooth-told"), t("handheld.bluetooth_gone")) });
    setText(find("bluetooth-told"), t("handheld.bluetooth_there", { name }));
  } catch (problem) {
    if (!(problem instanceof DOMException)) throw problem;
    setText(find("bluetooth-told"), problem.name === "NotFoundError" ? "" : t("handheld.bluetooth_gone"));
  }
  button.focus();
}

function takeReading({ temperature_c, site }) {
  find("temperature").value = String(Math.round(temperature_c * 100) / 100).replace(".", ",");
  const wanted = `clinical_thermometer ${site}`;
  if (site && [...find("thermometer").options].some((one) => one.value === wanted)) find("thermometer").value = wanted;
  showVerdict();
}

export function begin(given) {
  changed = given.changed;
  find("act").addEventListener("submit", keep);
  for (const id of ["temperature", "thermometer", "exception", "age", "fallback", "questions"]) find(id).addEventListener("input", showVerdict);
  find("document").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    addScan(find("document").value);
    find("document").value = "";
    find("temperature").focus();
  });
  find("bluetooth").hidden = !hasBluetooth();
  find("bluetooth").addEventListener("click", takeThermometer);
  find("scan").hidden = !hasScanner();
  find("scan").addEventListener("click", () => scanCode({ take: addScan }));
  find("photograph").hidden = !hasCamera();
  find("photograph").addEventListener("click", () => photographDocument({ take: addScan }));
}
