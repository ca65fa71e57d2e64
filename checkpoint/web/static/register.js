// The pass register: find, list, open one holder. Searches travel in a body, never in an address.
import { download, read, Refused, send } from "../web/js/api.js";
import { catchScans } from "../web/js/bursts.js";
import { element, find, setText } from "../web/js/elements.js";
import { date, dateTime } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";
import { askRegister, dayOf } from "./registering.js";
import { showCard } from "./holder_card.js";
import { gathering } from "./scan.js";

const TONES = { valid: "go", expired: "wait", lost: "stop", cancelled: "stop", replaced: "wait" };
let page = { part: "", next: null, search: null };

export const stateChip = (state) => element("span", { class: "chip", "data-tone": TONES[state] ?? null }, word("PassState", state));

async function guarded(work) {
  try {
    setText(find("error"), "");
    await work();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

function showList({ people, columns, emptyWords, isSearch }) {
  find("card").hidden = true;
  find("list-part").hidden = false;
  find("columns").replaceChildren(...columns.map(([key]) => element("th", { scope: "col" }, key ? t(`register_page.${key}`) : element("span", { class: "for-readers" }, t("register_page.open")))));
  find("people").replaceChildren(...people.map((one, index) => row(one, columns, index)));
  find("empty").hidden = people.length > 0;
  setText(find("empty"), people.length ? "" : emptyWords);
  find("candidates").hidden = !(isSearch && people.length);
  find("this-edge-only").hidden = !page.part.startsWith("away");
  find("more").hidden = page.next === null;
}

function row(one, columns, index) {
  return element("tr", {}, ...columns.map(([, draw], at) => element(at === 0 ? "th" : "td", at === 0 ? { scope: "row" } : {}, draw(one, index))));
}

const opener = (one) => (one.holder_id ? element("button", { class: "button", type: "button", onclick: () => open(one.holder_id) }, t("register_page.open")) : element("span", { class: "dim small" }, one.last_seen_at ? dateTime(one.last_seen_at) : ""));
const PERSON = [
  ["name", (one) => element("span", {}, one.full_name, one.kind === "holder" ? "" : element("span", { class: "small dim" }, ` · ${t(`register_page.kind_${one.kind}`)}`))],
  ["born_on", (one) => date(one.date_of_birth)],
  ["number", (one) => `${word("DocumentKind", one.document_kind)} ${one.document_number_masked}`],
  ["commune", (one) => one.commune || "—"],
  ["state", (one) => (one.state ? stateChip(one.state) : "—")],
  ["expires", (one) => date(one.expires_on)],
  ["", opener],
];
const AWAY = [
  ["name", (one) => one.full_name || "—"],
  ["number", (one) => `${word("DocumentKind", one.document_kind)} ${one.document_number_masked}`],
  ["side", (one) => t(one.is_foreign ? "register_page.side_there" : "register_page.side_here")],
  ["left_at", (one) => dateTime(one.left_at)],
];

const search = () => guarded(async () => {
  const born = find("born").value.trim();
  await look({ query: find("query").value, ...(born ? { date_of_birth: dayOf(born) } : {}) });
});

async function look(body) {
  const { people } = await send("/api/register/search", body);
  page = { part: "", next: null, search: body };
  find("part").value = "";
  showList({ people, columns: PERSON, emptyWords: t("register_page.nobody"), isSearch: true });
  if (people.length === 1 && people[0].holder_id && people[0].kind === "holder" && /\d/.test(body.query)) await open(people[0].holder_id);
}

// A document scanned anywhere on the page opens its holder; it neither acts on the card that is open nor stays in a field.
const scanned = gathering((text) => guarded(() => look({ query: text })));

const list = (part, after = 0) => guarded(async () => {
  find("part").value = part;
  if (part.startsWith("away")) {
    page = { part, next: null, search: null };
    showList({ people: (await read(`/api/register/away?part=${part}`)).people, columns: AWAY, emptyWords: t("register_page.nobody_away") });
    return;
  }
  const answer = await send("/api/register/list", { part, after });
  page = { part, next: answer.next, search: null };
  showList({ people: answer.people, columns: PERSON, emptyWords: t("register_page.nobody") });
});

const open = (holderId) => guarded(async () => {
  const card = await read(`/api/register/holders/${holderId}`);
  find("list-part").hidden = true;
  find("card").hidden = false;
  showCard(find("card"), card, { again: () => open(holderId), back, guarded, open, told: (words) => setText(find("told"), words) });
});

function back() {
  find("card").hidden = true;
  find("list-part").hidden = false;
  find("query").focus();
}

const register = () => askRegister({
  done: async ({ holder_id }, name) => {
    setText(find("told"), t("register_page.registered", { name }));
    await open(holder_id);
  },
});

// The list that is seen, whole: what was found, who has not come back, or a part of the register.
const saveCsv = () => guarded(() => download("/api/register/export", { name: `register-${page.part || "found"}.csv`, body: page.search ? { search: page.search } : { part: page.part || "all" } }));

const KEYS = { F2: register, F4: () => find("part").focus(), F6: () => list("away"), F7: () => list("expiring"), F8: saveCsv, F10: () => page.next !== null && list(page.part, page.next) };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (find("card").hidden) window.history.back();
    else back();
  }
  if (!KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
for (const button of document.querySelectorAll("[data-key]")) button.addEventListener("click", () => KEYS[button.dataset.key]());
catchScans({ covers: () => !document.querySelector("dialog[open]"), takesOut: () => true, present: scanned.add });
find("more").addEventListener("click", KEYS.F10);
find("part").addEventListener("change", (event) => event.target.value && list(event.target.value));
find("finder").addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
await list("expiring");
