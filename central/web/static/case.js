// One case in detail: readings, clocks, timeline, grounds, reviews; the identity only on request, and logged.
import { send } from "../web/js/api.js";
import { limitOf, markClock } from "../web/js/clocks.js";
import { ask, inputField, radioField, selectField, textField } from "../web/js/dialogs.js";
import { element, find } from "../web/js/elements.js";
import { celsius, date, dateTime, tenth, time } from "../web/js/format.js";
import { has, laneWords, placeName, reason, t, word } from "../web/js/labels.js";

const CLASSES = ["suspected", "probable", "confirmed", "discarded"];
const placeOf = (area) => (has(`declaration.area_${area}`) ? t(`declaration.area_${area}`) : area);
const LOOKS = ["case_investigation", "contact_tracing", "care", "request_of_the_person", "audit", "other"];
const revealed = new Map();
let notice = "";

export function showCase(found, { refresh }) {
  const redraw = () => showCase(found, { refresh });
  const identity = revealed.get(found.crossing_id) ?? found.person;
  find("detail").replaceChildren(
    head(found, identity),
    found.provisional_since && !found.settled_at ? element("p", { class: "provisional" }, t("desk.provisional_since", { since_at: found.provisional_since })) : "",
    found.settled_at ? element("p", { class: "provisional" }, t("desk.settled", { settled_at: found.settled_at })) : "",
    identity ? identityLines(identity) : "",
    element("div", { class: "clock-cards" }, ...[...(found.clocks ?? [])].sort((a, b) => new Date(a.due_at) - new Date(b.due_at)).map(clockCard)),
    element("div", { class: "case-columns" }, timeline(found), element("div", {}, readings(found), grounds(found), contacts(found), reviews(found))),
    element("p", { class: "saved-line", role: "status" }, notice),
    element(
      "div",
      { class: "row last" },
      element("button", { class: "button primary", type: "button", id: "review", "data-key": "F2", onclick: () => askReview(found, refresh) }, t("desk.review"), element("kbd", {}, "F2")),
      identity ? null : element("button", { class: "button", type: "button", id: "reveal", "data-key": "F3", onclick: () => askReveal(found, redraw) }, t("desk.reveal"), element("kbd", {}, "F3")),
      found.may_settle_as?.length ? element("button", { class: "button", type: "button", id: "settle", "data-key": "F4", onclick: () => askSettle(found, refresh) }, t("desk.settle"), element("kbd", {}, "F4")) : null,
    ),
  );
  notice = "";
}

function head(found, identity) {
  const clinical = [...(found.readings ?? [])].reverse().find((one) => one.kind === "clinical");
  const scan = (found.readings ?? []).find((one) => one.kind !== "clinical");
  const shown = clinical ?? scan;
  const age = found.age_years === null || found.age_years === undefined ? null : t("lane.years_old", { count: found.age_years });
  const name = identity?.full_name ?? [found.case_number, word("Sex", found.sex), age].filter((part) => part && part !== "—").join(" · ");
  const under = [identity ? found.case_number : t("desk.who"), placeName(found.gate ?? found.point_of_entry_id), laneWords(found.lane_id), found.direction && word("Direction", found.direction), found.purpose && word("PurposeOfCrossing", found.purpose)];
  return element(
    "div",
    { class: "case-head" },
    element("div", {}, chips(found), element("p", { class: "case-name" }, name), element("p", { class: "dim" }, under.filter(Boolean).join(" · "))),
    element("div", { class: "right" }, element("p", { class: "case-temperature" }, celsius(shown?.temperature_c)), ...[clinical, scan].filter(Boolean).map((one) => element("p", { class: "dim small" }, readingLine(one)))),
  );
}

function chips(found) {
  const chip = (words, tone) => element("span", { class: "chip", "data-tone": tone ?? null }, words);
  const place = found.place_id ? chip(t("desk.in_isolation", { place: found.place_id })) : null;
  return element("div", { class: "chips" }, chip(found.case_class ? word("CaseClass", found.case_class) : t("desk.not_classified"), found.case_class === "discarded" ? "go" : "stop"), chip(word("Disposition", found.disposition)), chip(word("TravellerCategory", found.category)), place);
}

function readingLine(one) {
  const spread = one.uncertainty_c ? ` ± ${tenth(one.uncertainty_c)}` : "";
  const raw = one.raw_c !== null && one.raw_c !== undefined && one.raw_c !== one.temperature_c ? ` (${t("desk.raw", { raw_c: one.raw_c })})` : "";
  const unusable = one.unusable_because?.length ? ` · ${t("desk.unusable")}: ${one.unusable_because.map((slug) => word("UnusableReason", slug)).join(", ")}` : "";
  return `${word("DeviceKind", one.device_kind)}, ${word("MeasuringSite", one.site)} ${tenth(one.temperature_c)}${spread} °C${raw}, ${time(one.observed_at)}${unusable}`;
}

function identityLines(identity) {
  const lines = [["document_number", identity.document_number], ["personal_number", identity.personal_number], ["date_of_birth", identity.date_of_birth && date(identity.date_of_birth)], ["address", identity.address], ["telephone", identity.telephone], ["vehicle", identity.vehicle_plate], ["destination", identity.destination], ["visited_areas", (identity.visited_areas ?? []).map(placeOf).join(", ")], ["remarks", identity.remarks]];
  return element("dl", { class: "identity" }, ...lines.filter(([, words]) => words).flatMap(([key, words]) => [element("dt", {}, t(`desk.${key}`)), element("dd", {}, words)]), element("dt", {}, ""), element("dd", { class: "small dim" }, t("desk.revealed")));
}

function limitWords(clock) {
  const limit_s = limitOf(clock);
  if (limit_s === 0) return t("desk.at_once");
  return limit_s >= 7200 || limit_s === 3600 ? t("desk.hours", { count: Math.round(limit_s / 3600) }) : t("desk.minutes", { count: Math.round(limit_s / 60) });
}

function clockCard(clock) {
  const left = element("span", { class: "clock" });
  markClock(left, clock);
  return element("div", { class: "clock-card" }, element("h2", {}, word("ClockKind", clock.kind)), left, element("p", { class: "small" }, t("desk.limit", { limit: limitWords(clock) })), element("p", { class: "dim small" }, clock.clause ?? ""));
}

const RED = ["recheck", "referred", "refused", "pending", "isolated"];
function timeline(found) {
  const lines = (found.timeline ?? []).map((one) => {
    const outcome = one.outcome ?? one.disposition;
    const what = has(`desk.event_${one.type}`) ? t(`desk.event_${one.type}`) : one.type;
    const parts = [what, one.temperature_c === undefined || one.temperature_c === null ? null : celsius(one.temperature_c), one.place_id && t("desk.in_isolation", { place: one.place_id }), one.case_class ? word("CaseClass", one.case_class) : outcome && (has(`Disposition.${outcome}`) ? word("Disposition", outcome) : word("Outcome", outcome)), one.reason === "sealed" ? null : one.reason, noteOf(one), ...(one.codes ?? []).map((key) => t(key))];
    const by = [one.officer_ref, one.received_at && t("desk.received", { received_at: one.received_at })].filter(Boolean).join(" · ");
    return element("li", { "data-tone": RED.includes(outcome) ? "stop" : null }, element("span", { class: "at" }, time(one.at)), element("span", {}, parts.filter(Boolean).join(" — "), by ? element("span", { class: "small dim" }, element("br"), by) : null));
  });
  return element("section", {}, element("h2", {}, t("desk.timeline")), element("ol", { class: "timeline" }, ...lines));
}

function readings(found) {
  return element("section", {}, element("h2", {}, t("desk.readings")), element("ul", { class: "lines" }, ...(found.readings ?? []).map((one) => element("li", {}, readingLine(one)))));
}

// Contacts have no name here: who it is, is revealed at that crossing, and logged.
function contacts(found) {
  const lines = (found.contacts ?? []).map((one) => {
    const ways = one.ways.map((way) => t(`desk.contact_${way}`)).join(", ");
    return element("li", {}, element("a", { href: `/desk/${encodeURIComponent(one.crossing_id)}` }, one.case_number), ` · ${time(one.observed_at)} · ${laneWords(one.lane_id)} · ${word("Disposition", one.disposition)}`, element("p", { class: "small dim" }, ways));
  });
  return element("section", { id: "contacts" }, element("h2", {}, t("desk.contacts")), element("p", {}, element("a", { href: `/desk/${encodeURIComponent(found.crossing_id)}/contacts` }, t("contacts_page.link"))), lines.length ? element("ul", { class: "lines" }, ...lines) : element("p", { class: "dim" }, t("desk.no_contacts")));
}

function grounds(found) {
  const lines = (found.reasons ?? []).map((one) => {
    const clause = one.citation ? [one.citation.document, one.citation.clause].filter(Boolean).join(" · ") : "";
    return element("li", {}, reason(one), clause ? element("p", { class: "small dim", title: one.citation.quote || null }, clause) : null);
  });
  return element("section", {}, element("h2", {}, t("desk.grounds")), element("ul", { class: "lines" }, ...lines));
}

// A reviewer's words are sealed with the person: they are read with the identity, among the remarks.
const noteOf = (one) => (one.note === "sealed" ? t("desk.note_sealed") : one.note);

function reviews(found) {
  if (!found.reviews?.length) return null;
  const lines = found.reviews.map((one) => element("li", {}, element("strong", {}, word("CaseClass", one.case_class)), noteOf(one) ? ` — ${noteOf(one)}` : "", element("p", { class: "small dim" }, [one.reviewer, dateTime(one.recorded_at)].filter(Boolean).join(" · "))));
  return element("section", {}, element("h2", {}, t("desk.reviews")), element("ul", { class: "lines" }, ...lines));
}

function askReview(found, refresh) {
  ask({
    title: t("desk.review_title", { case: found.case_number }),
    fields: [radioField({ name: "case_class", label: t("desk.case_class"), choices: CLASSES.map((slug) => [slug, word("CaseClass", slug)]), chosen: found.case_class ?? "suspected" }), textField({ name: "note", label: t("desk.note"), required: true })],
    submitKey: "lane.save",
    submit: async (values) => {
      const saved = await send(`/api/desk/${encodeURIComponent(found.crossing_id)}/review`, values);
      notice = t("desk.review_saved", { number: String(saved?.sequence ?? "") });
      await refresh();
    },
  });
}

function askReveal(found, redraw) {
  ask({
    title: t("desk.reveal_title", { case: found.case_number }),
    fields: [selectField({ name: "reason", label: t("desk.why"), choices: LOOKS.map((slug) => [slug, word("LookReason", slug)]), required: true, autofocus: true }), inputField({ name: "remark", label: t("desk.look_remark"), hint: t("desk.reveal_hint"), maxlength: 200 })],
    submitKey: "desk.reveal_do",
    submit: async (values) => {
      revealed.set(found.crossing_id, await send(`/api/desk/${encodeURIComponent(found.crossing_id)}/identity`, values));
      redraw();
    },
  });
}

function askSettle(found, refresh) {
  ask({
    title: t("desk.settle_title", { case: found.case_number }),
    fields: [element("p", {}, t("desk.settle_hint")), radioField({ name: "reason", label: t("desk.settle_reason"), choices: found.may_settle_as.map((slug) => [slug, word("SettlementReason", slug)]), chosen: found.may_settle_as[0] })],
    submitKey: "desk.settle",
    tone: "stop",
    submit: async (values) => {
      await send(`/api/desk/${encodeURIComponent(found.crossing_id)}/settle`, values);
      notice = t("desk.settled_now");
      await refresh();
    },
  });
}
