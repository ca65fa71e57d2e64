// One holder whole: what the pass is worth, what can be done, out and home, children, who may be the same person.
import { download, Refused, send } from "../web/js/api.js";
import { whenAlone } from "../web/js/bursts.js";
import { ask, inputField, selectField } from "../web/js/dialogs.js";
import { element } from "../web/js/elements.js";
import { celsius, date, dateTime, dayMonth } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";
import { askChild, askRegister } from "./registering.js";

const TONES = { valid: "go", expired: "wait", lost: "stop", cancelled: "stop", replaced: "wait" };
const REASONS = {
  lose: ["reported_by_holder", "reported_by_police"],
  find: ["found_again", "entered_in_error"],
  cancel: ["reported_by_police", "damaged", "misused", "holder_died", "holder_moved", "entered_in_error"],
  reinstate: ["entered_in_error", "reported_by_police"],
};
const LINKS = ["both_documents_seen", "passport_renewed", "pass_replaced", "confirmed_by_police"];
const choices = (section, slugs) => slugs.map((slug) => [slug, word(section, slug)]);
const button = (words, run, more = {}) => element("button", { class: "button", type: "button", onclick: run, ...more }, words);

export function showCard(place, card, page) {
  const { person } = card;
  place.replaceChildren(
    element("div", { class: "row" }, element("span", { class: "chip", "data-tone": TONES[person.state] }, word("PassState", person.state)), element("span", { class: "chip" }, word("PassRegime", person.regime)), ...card.findings.map((code) => element("span", { class: "chip", "data-tone": "wait" }, word("DocumentWarningCode", code)))),
    element("h2", { class: "name" }, person.full_name),
    element("div", { class: "row" }, ...numbered(acts(card, page))),
    element("div", { class: "columns" }, ...[about(card, page), outingPart(card), historyPart(card), childPart(card, page), linkPart(card, page), similarPart(card, page)].filter(Boolean)),
  );
  place.querySelector("button").focus();
}

// The acts carry the digits 1 to 9; the first one has the focus, so that a digit is never typed into the search.
const numbered = (buttons) => buttons.map((one, index) => (one.append(" ", element("kbd", {}, String(index + 1))), (one.dataset.digit = String(index + 1)), one));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]") || event.target instanceof HTMLInputElement) return;
  const taken = document.querySelector(`#card:not([hidden]) [data-digit="${CSS.escape(event.key)}"]`);
  if (taken) whenAlone(() => taken.isConnected && taken.click());
});

function acts(card, page) {
  const { person } = card;
  const moves = card.moves.filter((move) => move !== "replace").map((move) => button(`${t(`register_page.move_${move}`)}…`, () => askMove(card, move, page)));
  const replace = card.moves.includes("replace") ? [button(t("register_page.replaces"), () => askRegister({ replaces: person.holder_id, done: ({ holder_id }) => page.open(holder_id) }))] : [];
  return [button(t("register_page.back"), page.back), button(t("register_page.label"), () => page.guarded(() => printLabel(person.person_id, page)), { title: t("register_page.label_hint") }), button(`${t("register_page.label_withdraw")}…`, () => askWithdrawLabel(person, page)), ...moves, ...replace];
}

function about({ person, scope, issued_on, state_reason, state_since }, page) {
  const number = element("span", {}, person.document_number_masked, " ");
  const show = button(t("register_page.reveal"), () => page.guarded(async () => {
    number.replaceChildren((await send(`/api/register/holders/${person.holder_id}/reveal`)).document_number, " ");
    show.remove();
  }), { title: t("register_page.reveal_hint") });
  const lines = [
    ["number", element("span", { class: "row" }, number, show)],
    ["born_on", date(person.date_of_birth)],
    ["sex", person.sex === "unspecified" ? "—" : word("Sex", person.sex)],
    ["commune", person.commune || "—"],
    ["scope", scope || "—"],
    ["issued_on", date(issued_on)],
    ["expires_on", date(person.expires_on)],
    state_reason ? ["reason", `${word("PassReason", state_reason)} · ${dateTime(state_since)}`] : null,
  ].filter(Boolean);
  return element("dl", {}, ...lines.flatMap(([key, words]) => [element("dt", {}, t(`register_page.${key}`)), element("dd", {}, words)]));
}

const part = (key, items, ...more) => (items.length || more.length ? element("section", {}, element("h3", {}, t(`register_page.${key}`)), element("ul", {}, ...items), ...more) : null);

function outingPart({ outings }) {
  const lines = [...outings].reverse().slice(0, 8).map(({ left, came_back }) => element("li", {}, element("span", {}, `${t("register_page.went")}: ${left ? dateTime(left.passed_at) : t("register_page.not_logged")}`), element("span", {}, `${t("register_page.came")}: `, came_back ? dateTime(came_back.passed_at) : element("span", { class: "chip", "data-tone": "wait" }, t("register_page.still_away")))));
  return part("outings", lines);
}

function historyPart({ history }) {
  if (!history.length) return null;
  const lines = [...history].reverse().slice(0, 7).map((one) => element("li", {}, dayMonth(one.observed_at), element("span", { class: "strong" }, celsius(one.temperature_c))));
  return part("history", lines, element("p", { class: "dim small" }, t("register_page.only_indication")));
}

function childPart({ person, children }, page) {
  const lines = children.map((child) => element("li", {}, element("span", {}, `${child.full_name} · ${date(child.date_of_birth)}`), button(t("register_page.label"), () => page.guarded(() => printLabel(child.person_id, page))), button(`${t("register_page.label_withdraw")}…`, () => askWithdrawLabel(child, page))));
  const add = button(t("register_page.add_child"), () => askChild({ holderId: person.holder_id, done: async (name) => {
    page.told(t("register_page.child_added", { name }));
    await page.again();
  } }));
  return part("children", lines, add);
}

function linkPart({ links }, page) {
  return part("linked", links.map((link) => element("li", {}, element("span", {}, t("register_page.linked_one")), button(t("register_page.unlink"), () => askUnlink(link, page)))));
}

function similarPart({ person, similar }, page) {
  const lines = similar.map((other) => element("li", {}, element("span", {}, `${other.full_name} · ${date(other.date_of_birth)} · ${other.document_number_masked}`), button(t("register_page.link"), () => askLink(person, other, page))));
  return lines.length ? part("similar", lines, element("p", { class: "dim small" }, t("register_page.candidates"))) : null;
}

function askWithdrawLabel({ person_id, full_name }, page) {
  ask({
    title: `${t("register_page.label_withdraw")}: ${full_name}`,
    fields: [inputField({ name: "reason", label: t("register_page.label_why"), required: true, maxlength: 200, autofocus: true })],
    submitKey: "register_page.label_withdraw",
    submit: async ({ reason }) => {
      await send(`/api/register/holders/${person_id}/label-withdraw`, { reason });
      page.told(t("register_page.label_withdrawn"));
    },
  });
}

function askMove({ person }, move, page) {
  ask({
    title: `${t(`register_page.move_${move}`)}: ${person.full_name}`,
    fields: [selectField({ name: "reason", label: t("register_page.reason"), choices: choices("PassReason", REASONS[move]), autofocus: true }), inputField({ name: "words", label: t("register_page.words"), maxlength: 200 })],
    submitKey: "register_page.save",
    submit: async ({ reason, words }) => {
      await send(`/api/register/holders/${person.holder_id}/move`, { move, reason, words });
      await page.again();
    },
  });
}

function askLink(person, other, page) {
  const linkId = crypto.randomUUID();
  ask({
    title: t("register_page.link_title", { left: person.full_name, right: other.full_name }),
    fields: [selectField({ name: "reason", label: t("register_page.reason"), choices: choices("LinkReason", LINKS), autofocus: true })],
    submitKey: "register_page.save",
    submit: async ({ reason }) => {
      await send("/api/register/links", { link_id: linkId, left_person_key: person.person_key, right_person_key: other.person_key, reason });
      page.told(t("register_page.link_done"));
      await page.again();
    },
  });
}

function askUnlink(link, page) {
  ask({
    title: t("register_page.unlink_title"),
    fields: [selectField({ name: "reason", label: t("register_page.reason"), choices: choices("LinkReason", ["linked_in_error", ...LINKS]), autofocus: true })],
    submitKey: "register_page.unlink",
    submit: async ({ reason }) => {
      await send("/api/register/unlinks", { link_id: link.link_id, reason });
      page.told(t("register_page.unlink_done"));
      await page.again();
    },
  });
}

// To the gate's printer; where none is connected, as a page for any printer.
async function printLabel(personId, page) {
  const label = `/api/register/holders/${personId}/label`;
  try {
    await send(`${label}.print`);
    page.told(t("register_page.label_printed"));
  } catch (problem) {
    if (!(problem instanceof Refused) || problem.code !== "no_printer") throw problem;
    await download(`${label}.pdf`, { name: "label.pdf" });
  }
}
