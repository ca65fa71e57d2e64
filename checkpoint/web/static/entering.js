// A document that no reader reads: its fields are typed, or what may have been misread is chosen. The same dialog puts
// right the document of the person who stands in the lane.
import { Refused, send } from "../web/js/api.js";
import { codes, codeOf, country } from "../web/js/countries.js";
import { ask, inputField, momentField, selectField } from "../web/js/dialogs.js";
import { element, find } from "../web/js/elements.js";
import { t } from "../web/js/labels.js";
import { changeWords } from "./camera.js";
import { choices } from "./choices.js";

const KEY = "+"; // no document and no code begins with it
const KINDS = ["passport", "border_permit", "identity_card", "border_pass", "crew_certificate", "visa", "other"];
const USUAL_STATE = { border_permit: "CHN", border_pass: "VNM" };
const SEXES = ["unspecified", "female", "male"];
const LONGEST_NUMBER = 60;

export function documentKey({ laneId, view, take, fail }) {
  const press = () => (view().person?.is_document_proven ? fail(new Refused({ code: "document_verified" }, 409)) : askDocument({ laneId, view, take }));
  find("document-key").addEventListener("click", press);
  document.addEventListener("keydown", (event) => {
    if (event.key !== KEY || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (view() === null || view().is_locked || find("scan").value !== "") return;
    event.preventDefault();
    press();
  });
}

function askDocument({ laneId, view, take }) {
  const person = view().person ?? null, draftId = person ? view().draft_id : null;
  const give = async (body) => take(await send(`/api/lanes/${laneId}/document`, { draft_id: draftId, ...body }));
  const proposals = person?.as_read?.proposals ?? [];
  const dialog = ask({
    title: t(person ? "lane.document_right" : "lane.document_title"),
    fields: [...offered(proposals, { pick: (place) => chosen(dialog, () => give({ proposal: place })) }), ...typed(person, dayIn(view().now))],
    submitKey: "lane.save",
    submit: ({ kind, document_number, full_name, state, date_of_birth, sex, expires_on }) =>
      give({ document: { kind, document_number, full_name, sex, ...stateOf(state), date_of_birth: date_of_birth || null, expires_on: expires_on || null } }),
  });
  if (dialog) followKind(dialog.querySelector("form"));
}

// What may have been misread stands above the fields: one press after a look at the printed page.
function offered(proposals, { pick }) {
  if (!proposals.length) return [];
  const keys = proposals.map((changes, place) => element("button", { type: "button", class: "button", autofocus: place === 0, onclick: () => pick(place) }, changes.map(changeWords).join("; ")));
  return [element("p", { class: "hint" }, t("lane.document_proposals")), element("div", { class: "row" }, ...keys)];
}

async function chosen(dialog, act) {
  try {
    await act();
    dialog.close();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    dialog.querySelector(".error-line").textContent = problem.words;
  }
}

// Today in Viet Nam by the edge's clock.
const dayIn = (now) => new Date(new Date(now).getTime() + 7 * 3_600_000).toISOString().slice(0, 10);

function typed(person, today) {
  const kind = person?.document_kind === "border_pass" ? "border_permit" : KINDS.includes(person?.document_kind) ? person.document_kind : "passport";
  const states = element("datalist", { id: "states" }, ...codes().map((code) => element("option", { value: code }, country(code))));
  return [
    person ? element("p", { class: "hint" }, t("lane.document_hint")) : null,
    selectField({ name: "kind", label: t("lane.document_kind"), choices: choices("DocumentKind", KINDS), chosen: kind, autofocus: !person?.as_read?.proposals?.length }),
    inputField({ name: "document_number", label: t("lane.document_number"), required: true, maxlength: LONGEST_NUMBER, autocapitalize: "characters", spellcheck: "false" }),
    inputField({ name: "full_name", label: t("lane.document_name"), maxlength: 200, value: person?.full_name ?? "" }),
    inputField({ name: "state", label: t("lane.document_state"), hint: t("lane.document_state_hint"), list: "states", maxlength: 60, value: USUAL_STATE[kind] ?? "" }),
    states,
    momentField({ name: "date_of_birth", label: t("lane.document_born"), kind: "day", latest: today }),
    selectField({ name: "sex", label: t("lane.document_sex"), choices: choices("Sex", SEXES), chosen: "unspecified" }),
    momentField({ name: "expires_on", label: t("lane.document_expires"), kind: "day" }),
  ].filter(Boolean);
}

// A permit is China's and a border pass ours, until the officer says otherwise.
function followKind(form) {
  const { kind, state, full_name } = form.elements;
  const follow = () => {
    if (!state.value || Object.values(USUAL_STATE).includes(state.value)) state.value = USUAL_STATE[kind.value] ?? "";
    full_name.required = kind.value !== "border_pass";
    state.required = ["passport", "identity_card"].includes(kind.value);
  };
  kind.addEventListener("change", follow);
  follow();
}

function stateOf(text) {
  if (!text.trim()) return {};
  const code = codeOf(text);
  if (!code) throw new Refused({ detail_key: "lane.document_state_wrong", code: "state_unknown" }, 422);
  return { issuing_state: code, nationality: code };
}
