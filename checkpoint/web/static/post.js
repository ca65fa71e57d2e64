// Posts, trails and openings: each vehicle and each interception with its head count, and the people of the one chosen.
import { download, read, Refused, send } from "../web/js/api.js";
import { learnNow } from "../web/js/clocks.js";
import { element, find, setText } from "../web/js/elements.js";
import { celsius, dateTime, integer, time, timeOrDate } from "../web/js/format.js";
import { placeName, t, word } from "../web/js/labels.js";
import { askCheck, askClose, askInterception, askRecount, countWords } from "./party_steps.js";

const REFRESH_MS = 10_000;
let page = null, chosen = null;

async function attempt(work) {
  try {
    await work();
    setText(find("error"), "");
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

const asked = () => ({ text: find("query").value.trim(), kind: find("kind").value || null, is_open: find("only-open").checked ? true : null });
const has = (step) => (page?.profile?.steps ?? []).includes(step);

async function refresh() {
  page = await send("/api/post/search", asked());
  learnNow(page.now);
  drawProfile();
  drawArrivals();
  find("parties").replaceChildren(...page.parties.map(partyRow));
  find("empty").hidden = page.parties.length > 0;
  if (chosen) await show(chosen);
}

function drawProfile() {
  const profile = page.profile;
  find("new-check").hidden = !has("route");
  find("new-interception").hidden = !has("interception");
  setText(find("place-title"), placeName(page.names));
  const list = (section, slugs) => slugs.map((slug) => word(section, slug)).join(", ") || "—";
  const lines = profile ? [["directions", list("Direction", profile.directions)], ["documents", list("DocumentKind", profile.documents)], ["vehicles", list("ConveyanceKind", profile.conveyances)], ["steps", list("PlaceStep", profile.steps)], ["clause", profile.clause]] : [];
  find("profile").replaceChildren(...lines.flatMap(([key, words]) => [element("dt", {}, t(`post_page.${key}`)), element("dd", {}, words)]));
}

function drawArrivals() {
  find("arrivals-part").hidden = !has("manifest");
  find("parties-part").hidden = !has("route") && !has("interception") && page.parties.length === 0;
  find("arrivals").replaceChildren(...page.arrivals.map(arrivalRow));
  find("no-arrivals").hidden = page.arrivals.length > 0;
}

function arrivalRow({ announced_at, kind, number, port_code, direction, count }) {
  return element("tr", {},
    element("th", { scope: "row" }, timeOrDate(announced_at)),
    element("td", {}, `${word("ConveyanceKind", kind)} · ${word("Direction", direction)}`),
    element("td", {}, [number || t("lane.erased"), port_code].filter(Boolean).join(" · ")),
    element("td", {}, element("span", { class: "chip", "data-tone": count.state === "screening" ? "info" : null }, t(`post_page.arrival_${count.state}`))),
    ...[count.expected, count.screened, count.missing, count.unexpected].map((heads) => element("td", { class: "number" }, integer(heads))),
  );
}

function what(party) {
  if (party.kind === "interception") return [placeOf(party.place_id), word("FinderUnit", party.finder), party.words.spot].filter(Boolean).join(" · ");
  const route = [party.words.route_from, party.words.route_to].filter(Boolean).join(" → ");
  return [party.plate || t("lane.erased"), word("ConveyanceKind", party.vehicle), route].filter(Boolean).join(" · ");
}

const placeOf = (id) => placeName(page.profile?.places?.[id] ?? (id === page.place_id ? page.names : id));

function partyRow(party) {
  const { count } = party;
  const isShort = count.not_screened > 0 || count.beyond_declared > 0;
  const state = party.state === "closed" ? t("post_page.closed", { closed_at: party.closed_at }) : t(`post_page.state_${party.state}`);
  const open = element("button", { type: "button", class: "figure", "data-party": party.party_id, "aria-pressed": chosen === party.party_id ? "true" : "false", onclick: () => attempt(() => show(party.party_id)) }, what(party));
  return element("tr", {},
    element("th", { scope: "row" }, timeOrDate(party.found_at ?? party.opened_at)),
    element("td", {}, word("PartyKind", party.kind)),
    element("td", {}, open),
    element("td", { class: "number" }, integer(count.declared)),
    element("td", { class: "number" }, integer(count.screened)),
    element("td", { class: "number" }, isShort ? element("strong", {}, count.beyond_declared > 0 ? `+${integer(count.beyond_declared)}` : `−${integer(count.not_screened)}`) : "0"),
    element("td", { class: "number" }, party.kind === "interception" ? "—" : integer(count.with_proof)),
    element("td", { class: "number" }, integer(count.isolated)),
    element("td", {}, state),
  );
}

async function show(party_id) {
  const { party, people } = await read(`/api/post/parties/${party_id}`);
  chosen = party_id;
  find("people-part").hidden = false;
  setText(find("people-title"), what(party));
  const reasons = party.reasons.map((slug) => word("DifferenceReason", slug)).join(", ");
  setText(find("people-count"), [countWords(party.count), reasons].filter(Boolean).join(" · "));
  const isOpen = party.state !== "closed";
  for (const id of ["close", "recount"]) find(id).hidden = !isOpen;
  find("people").replaceChildren(...people.map(personRow));
  find("nobody").hidden = people.length > 0;
  page.chosen = party;
}

function personRow(one) {
  const where = one.isolation_place ? ` · ${one.isolation_place}` : "";
  return element("tr", {},
    element("th", { scope: "row" }, time(one.seen_at)),
    element("td", {}, one.full_name || "—"),
    element("td", {}, `${word("DocumentKind", one.document_kind)} ${one.document_number_masked}`),
    element("td", {}, one.recheck_c === null ? celsius(one.temperature_c) : `${celsius(one.temperature_c)} → ${celsius(one.recheck_c)}`),
    element("td", {}, `${word("Disposition", one.disposition)}${where}`),
    element("td", {}, slipWords(one)),
  );
}

function slipWords({ slip, has_proof }) {
  if (!slip) return t("post_page.no_slip");
  if (slip.fault) return t(`refusal.${slip.fault}`);
  return `${has_proof ? "✓ " : ""}${slip.point_of_entry_id} · ${dateTime(slip.cleared_at)} · ${celsius(slip.temperature_c)}`;
}

function leave() {
  chosen = null;
  find("people-part").hidden = true;
}

const done = () => attempt(refresh);
const opening = () => ({ profile: page.profile, lanes: page.lanes, done });
const KEYS = {
  F2: () => has("route") && askCheck(opening()),
  F3: () => has("interception") && askInterception(opening()),
  F4: () => page?.chosen && chosen && page.chosen.state !== "closed" && askClose({ party_id: chosen, count: page.chosen.count, done }),
  F6: () => page?.chosen && chosen && page.chosen.state !== "closed" && askRecount({ party_id: chosen, declared: page.chosen.count.declared, done }),
  F7: () => find("query").focus(),
  F8: () => attempt(() => download("/api/post/export", { name: "parties.csv", body: asked() })),
  Escape: leave,
};
document.addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  act();
});
for (const button of document.querySelectorAll("button[data-key]")) button.addEventListener("click", () => KEYS[button.dataset.key]());
for (const id of ["kind", "only-open"]) find(id).addEventListener("change", done);
find("search").addEventListener("submit", (event) => {
  event.preventDefault();
  done();
});
await done();
setInterval(() => document.hidden || document.querySelector("dialog[open]") || done(), REFRESH_MS);
