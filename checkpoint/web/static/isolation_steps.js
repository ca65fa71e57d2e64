// Each act on a person's path as a dialog: its fields, its address, and an identifier made before it is sent.
import { read, Refused, send } from "../web/js/api.js";
import { whenAlone } from "../web/js/bursts.js";
import { ask, checkField, inputField, radioField, selectField, textField } from "../web/js/dialogs.js";
import { element } from "../web/js/elements.js";
import { timeOrDate } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";

const FINDINGS = ["fever", "cough", "shortness_of_breath", "sore_throat", "vomiting", "diarrhoea", "haemorrhage", "rash", "jaundice", "swollen_glands", "stiff_neck", "dehydration", "epidemiological_link"];
const ACTIONS = ["prevention", "isolation_or_referral", "first_care", "sampling", "advice", "disinfection", "contact_list", "reporting"];
const OUTCOMES = ["group_a_suspected", "group_b_suspected", "contact_only", "no_suspicion"];
const PROVISIONS = ["food", "water", "medical_care", "interpreter", "blanket", "communication"];
const ADDRESSEES = ["person", "relatives", "consular_department", "ihr_focal_point", "gate_body", "commune_health_station"];
const MEANS = ["in_person", "telephone", "document", "electronic"];
const RELATIONS = ["nearby_seat", "same_vehicle", "same_group", "household", "carer"];
const EXTENDED_BECAUSE = ["overloaded"]; // the law gives no other leave
const REASONS = ["decider_away", "overloaded", "no_vehicle", "facility_full", "laboratory_awaited", "interpreter_awaited", "person_refuses", "no_connection"];

const choices = (section, slugs) => slugs.map((slug) => [slug, word(section, slug)]);
const field = (name, label, more = {}) => inputField({ name, label: t(`isolation_room.${label}`), maxlength: 120, ...more });
const needed = (name, label, more = {}) => field(name, label, { required: true, minlength: 2, ...more });
const words = () => textField({ name: "words", label: t("isolation_room.words") });
const clockField = (person, fits = () => true) => selectField({ name: "kind", label: t("isolation_room.which_clock"), choices: choices("ClockKind", (person.clocks ?? []).filter(fits).map((clock) => clock.kind)), chosen: person.clocks?.[0]?.kind });
const owes = (person, kind) => (person.clocks ?? []).some((clock) => clock.kind === kind);

// step -> [path word, fields of the dialog, body of the act]. Each is a record of law: none is done without its dialog,
// and no finding is chosen before somebody chooses it.
const STEPS = {
  check_started: ["check-start", () => [element("p", {}, t("isolation_room.check_starts"))]],
  check_ended: ["check-end", () => [
    radioField({ name: "outcome", label: t("isolation_room.outcome"), choices: choices("CheckOutcome", OUTCOMES) }),
    checkField({ name: "findings", label: t("isolation_room.findings"), choices: choices("ExaminationFinding", FINDINGS) }),
    checkField({ name: "actions", label: t("isolation_room.actions"), choices: choices("TreatmentAction", ACTIONS) }),
    words(),
  ], ({ outcome, words: note }, form) => ({ outcome, findings: form.getAll("findings"), actions: form.getAll("actions"), words: note })],
  proposed: ["propose", (person, grounds) => [
    radioField({ name: "ground", label: t("isolation_room.ground"), choices: choices("IsolationGround", grounds), chosen: grounds.includes("suspect") ? "suspect" : grounds[0] }),
    needed("proposer", "proposed_by_name"), field("list_number", "list_number"),
  ]],
  decided: ["decide", () => [
    radioField({ name: "decision", label: t("isolation_room.decision"), choices: [["yes", t("isolation_room.approved")], ["no", t("isolation_room.declined")]], chosen: "yes" }),
    field("order_number", "order_number", { required: true, maxlength: 60 }), needed("signer", "signed_by"),
  ], ({ decision, order_number, signer }) => ({ is_approved: decision === "yes", order_number, signer })],
  refused: ["refuse", () => [textField({ name: "reason", label: t("isolation_room.reason_in_words"), required: true })]],
  compelled: ["compel", () => [field("order_number", "compulsory_number", { required: true, maxlength: 60 }), needed("signer", "signed_by")]],
  departed: ["depart", () => [
    needed("destination", "facility", { maxlength: 200 }), needed("escort_names", "escorts"),
    field("escorts", "escort_count", { required: true, inputmode: "numeric", pattern: "[1-9][0-9]?", value: "1", maxlength: 2 }), needed("vehicle_plate", "vehicle_plate", { maxlength: 40 }),
  ], (values) => ({ ...values, escorts: Number(values.escorts) })],
  arrived: ["arrive", () => [radioField({ name: "means", label: t("isolation_room.means"), choices: choices("NoticeMeans", MEANS), chosen: "telephone" }), needed("confirmed_by", "confirmed_by")]],
  returned: ["return", () => [selectField({ name: "reason", label: t("isolation_room.why"), choices: choices("EscalationReason", REASONS), chosen: "facility_full" }), words()]],
  provided: ["provide", () => [checkField({ name: "provisions", label: t("isolation_room.provisions"), choices: choices("ProvisionKind", PROVISIONS), chosen: ["food", "water"] }), words()], ({ words: note }, form) => ({ provisions: form.getAll("provisions"), words: note })],
  notified: ["notify", (person) => [
    radioField({ name: "addressee", label: t("isolation_room.addressee"), choices: choices("NoticeAddressee", ADDRESSEES), chosen: owes(person, "consular_notice") && !owes(person, "person_notice") ? "consular_department" : "person" }),
    radioField({ name: "means", label: t("isolation_room.means"), choices: choices("NoticeMeans", MEANS), chosen: "in_person" }),
    textField({ name: "words", label: t("isolation_room.told_whom") }),
  ]],
  contact_listed: ["contact", () => [
    selectField({ name: "relation", label: t("isolation_room.relation"), choices: choices("ContactRelation", RELATIONS), chosen: RELATIONS[0] }),
    needed("full_name", "contact_name"), field("document_number", "contact_document", { maxlength: 60 }), field("telephone", "contact_phone", { maxlength: 60 }), field("address", "contact_address", { maxlength: 500 }),
  ]],
  extended: ["extend", (person) => [clockField(person, (clock) => clock.is_extendable), selectField({ name: "reason", label: t("isolation_room.why"), choices: choices("EscalationReason", EXTENDED_BECAUSE), chosen: "overloaded" }), words()]],
  escalated: ["escalate", (person) => [clockField(person), selectField({ name: "reason", label: t("isolation_room.why"), choices: choices("EscalationReason", REASONS), chosen: REASONS[0] }), words()]],
  released: ["discharge", () => leaving(), (values) => ({ ...values, disposition: "cleared" })],
  turned_back: ["discharge", () => leaving(), (values) => ({ ...values, disposition: "refused" })],
};
for (const way of ["unordered", "lapsed", "refusing", "compelled"]) STEPS[`returned_${way}`] = STEPS.returned;
const WITHOUT_IDENTIFIER = new Set(["discharge"]);
const leaving = () => [needed("destination", "destination_release", { maxlength: 200 }), textField({ name: "reason", label: t("isolation_room.reason_in_words"), required: true })];

export const whoIs = (person) => (person.is_erased ? t("isolation_room.erased") : person.full_name || person.document_number_masked || person.crossing_id);
export const canStep = (step) => step in STEPS;

export function askStep(step, person, { grounds, done }) {
  const [path, fields, body] = STEPS[step];
  const actId = newIdentifier();
  const submit = async (values, form) => {
    const content = body ? body(values, form) : values;
    await send(`/api/isolation/${person.crossing_id}/${path}`, WITHOUT_IDENTIFIER.has(path) ? content : { act_id: actId, ...content });
    await done(step, person);
  };
  return ask({ title: `${t(`isolation_room.step_${step}`)}: ${whoIs(person)}`, fields: fields(person, grounds), submitKey: "lane.save", submit });
}

// What else may be done now, and what was done so far.
export async function askMore(person, around) {
  let acts = [];
  try {
    ({ acts } = await read(`/api/isolation/${person.crossing_id}`));
  } catch (problem) {
    if (!(problem instanceof Refused) || problem.httpCode !== 404) throw problem;
  }
  const steps = (person.steps ?? []).filter((step) => canStep(step) && step !== person.next_step && (step !== "extended" || person.clocks.some((clock) => clock.is_extendable)));
  const open = (step) => { document.querySelector("dialog[open]").close(); setTimeout(() => askStep(step, person, around)); };
  const buttons = steps.map((step, index) => element("button", { class: "button", type: "button", onclick: () => open(step) }, t(`isolation_room.step_${step}`), index < 9 ? element("kbd", {}, String(index + 1)) : null));
  const lines = acts.map((act) => element("li", {}, element("span", { class: "dim" }, timeOrDate(act.at)), element("span", {}, t(`isolation_room.step_${act.event}`), act.officer_ref ? element("span", { class: "dim small" }, ` · ${act.officer_ref}`) : null)));
  const history = acts.length ? [element("h3", {}, t("isolation_room.history")), element("ul", { class: "timeline", tabindex: "0", "aria-label": t("isolation_room.history") }, ...lines)] : [];
  const dialog = ask({ title: whoIs(person), fields: [element("div", { class: "step-list" }, ...buttons), ...history] });
  dialog?.addEventListener("keydown", (event) => {
    const step = steps[Number(/^Digit([1-9])$/.exec(event.code)?.[1]) - 1];
    if (!step) return;
    event.preventDefault();
    whenAlone(() => open(step));
  });
}

// randomUUID needs https; a gate's local network may not have it.
function newIdentifier() {
  if (window.crypto.randomUUID) return window.crypto.randomUUID();
  const bytes = window.crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
