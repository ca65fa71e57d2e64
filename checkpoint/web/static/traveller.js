// The middle column: who stands here, with the document and the person's own history.
import { placeOf } from "./declaration.js";
import { childrenButton } from "./children.js";
import { country } from "../web/js/countries.js";
import { drawing, element, find, setText } from "../web/js/elements.js";
import { date, dayMonth, integer } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";
import { isLeading } from "./verdict.js";
import { zoneWords } from "./zone_words.js";

// The row of the zone names the fields; the key beside says that something may be misread.
const SAID_ELSEWHERE = ["number_not_verifiable", "repair_suggested", "check_digit_invalid", "check_digit_deviant"];

let shown = "";
export function showTraveller(view) {
  const person = view.person;
  for (const id of ["chips", "name", "about", "rows"]) find(id).hidden = !person;
  find("nobody").hidden = Boolean(person) || isLeading(view);
  const wanted = JSON.stringify([person, view.history, view.reading?.temperature_c, Boolean(childrenButton(view))]);
  if (wanted === shown) return;
  shown = wanted;
  find("own-history").hidden = !(person && view.history?.length > 1);
  if (!person) return;
  find("chips").replaceChildren(...chips(person, view));
  setText(find("name"), person.full_name || "—");
  setText(find("about"), about(person));
  find("rows").replaceChildren(...rows(person));
  if (!find("own-history").hidden) showOwnHistory(view);
}

function chips(person, view) {
  const chip = (words, tone) => element("span", { class: "chip", "data-tone": tone ?? null }, words);
  const found = [chip(word("TravellerCategory", person.category), "info")];
  if (person.crossings_today > 0) found.push(chip(t("lane.nth_crossing", { count: person.crossings_today + 1 })));
  const standing = person.standing ?? {};
  if (standing.left_at) found.push(chip(t("lane.away_since", { left_at: standing.left_at }), "info"));
  if (standing.pass_state && standing.pass_state !== "valid") found.push(chip(t("lane.pass_state", { state: word("PassState", standing.pass_state) }), "stop"));
  if (standing.linked_keys > 0) found.push(chip(t("lane.linked_documents", { count: standing.linked_keys }), "info"));
  if (standing.is_registrable) found.push(keyButton("F5", "F5", t("lane.key_register")));
  const children = childrenButton(view);
  if (children) found.push(children);
  if (daysLeft(person.document_expires_on) !== null) found.push(chip(t("lane.valid_for_days", { count: daysLeft(person.document_expires_on) }), "wait"));
  if (person.as_read?.proposals.length) found.push(keyButton("+", "+", word("DocumentWarningCode", "repair_suggested")));
  for (const code of new Set(person.warnings ?? [])) if (!SAID_ELSEWHERE.includes(code)) found.push(chip(word("DocumentWarningCode", code), "wait"));
  return found;
}

function keyButton(key, shownKey, words) {
  const press = () => document.dispatchEvent(new KeyboardEvent("keydown", { key }));
  return element("button", { class: "button", type: "button", onclick: press }, words, " ", element("kbd", {}, shownKey));
}

function daysLeft(expiresOn) {
  if (!expiresOn) return null;
  const days = Math.floor((new Date(expiresOn) - Date.now()) / 86_400_000) + 1;
  return days >= 0 && days <= 14 ? days : null;
}

function about(person) {
  const age = person.age_years === null || person.age_years === undefined ? null : t("lane.years_old", { count: person.age_years });
  const sex = person.sex && person.sex !== "unspecified" ? word("Sex", person.sex) : null;
  return [sex, age, country(person.nationality)].filter(Boolean).join(" · ");
}

function rows(person) {
  const expiry = person.document_expires_on ? ` · ${t("lane.expires")} ${date(person.document_expires_on)}` : "";
  const health = person.has_declaration ? t("lane.declared") : t("lane.not_declared");
  const symptoms = (person.symptoms ?? []).map((slug) => word("Symptom", slug)).join(", ") || t("lane.no_symptoms");
  const lines = [
    [word("DocumentKind", person.document_kind), `${grouped(person.document_number_masked)}${expiry}`],
    person.personal_number_masked ? [t("lane.personal_number"), grouped(person.personal_number_masked)] : null,
    zoneRow(person.as_read),
    [t("lane.address"), person.address || "—"],
    [t("lane.purpose"), word("PurposeOfCrossing", person.purpose)],
    [t("lane.declaration"), person.has_declaration ? `${health} · ${symptoms}` : health, !person.has_declaration],
    [t("lane.risk_area"), (person.visited_areas ?? []).map(placeOf).join(", ") || t(person.has_declaration ? "lane.not_visited" : "lane.not_asked")],
    person.vehicle_plate ? [t("lane.vehicle"), person.vehicle_plate] : null,
    person.category === "expert" ? [t("question.employer"), [person.employer, person.project].filter(Boolean).join(" · ") || "—", !(person.employer && person.project)] : null,
  ];
  return lines.filter(Boolean).flatMap(([term, words, isWarning]) => [element("dt", {}, term), element("dd", { class: isWarning ? "warning" : null }, words)]);
}

function zoneRow(zone) {
  if (!zone) return null;
  const { words, isAgainst } = zoneWords(zone.to_compare, zone.deviations, zone.verified);
  return [t("lane.zone"), words, isAgainst];
}

const grouped = (text) => (text ? String(text) : "—");

function showOwnHistory(view) {
  const past = view.history.map((one) => one.temperature_c);
  const usual = [...past].sort((a, b) => a - b)[Math.floor(past.length / 2)];
  const now_c = view.reading?.temperature_c ?? null;
  const series = now_c === null ? past : [...past, now_c];
  const { width, height } = sizeOf(find("sparkline"));
  const low = Math.min(...series) - 0.2, high = Math.max(...series, low + 1.2) + 0.2;
  const at = (value, index) => [10 + (index * (width - 20)) / Math.max(1, series.length - 1), height - 26 - ((value - low) / (high - low)) * (height - 36)];
  const points = series.map((value, index) => at(value, index).map((part) => part.toFixed(1)).join(",")).join(" ");
  const [x, y] = at(series.at(-1), series.length - 1);
  const isRaised = now_c !== null && now_c - usual >= 0.8;
  find("sparkline").replaceChildren(
    drawing("polyline", { class: "chart-line", points }),
    drawing("circle", { class: isRaised ? "chart-now" : "chart-now usual", cx: x.toFixed(1), cy: y.toFixed(1), r: 7 }),
    drawing("text", { class: "chart-words", x: 2, y: height - 4 }, dayMonth(view.history[0].observed_at)),
    drawing("text", { class: "chart-words", x: width - 2, y: height - 4, "text-anchor": "end" }, t("lane.today")),
  );
  const isAsUsual = now_c === null || Math.abs(now_c - usual) < 0.1;
  const line = isAsUsual ? t("lane.usual", { usual_c: usual }) : t(now_c >= usual ? "lane.usual_and_above" : "lane.usual_and_below", { usual_c: usual, difference_c: Math.abs(now_c - usual) });
  setText(find("usual"), line);
}

let lastThreshold_c = null, lastDots = [];
// The last hour of this lane as dots, with the threshold: drift is seen with bare eyes.
export function showLastHour(view) {
  lastDots = view.last_hour ?? lastDots; // an answer to a command leaves them out; the stream brings them
  const dots = lastDots.filter((one) => one.temperature_c !== null && one.temperature_c !== undefined);
  const threshold_c = scannerThreshold(view) ?? lastThreshold_c;
  lastThreshold_c = threshold_c;
  const end_ms = new Date(view.now).getTime();
  const values = dots.map((one) => one.temperature_c).concat(threshold_c === null ? [] : [threshold_c]);
  const low = Math.min(35.4, ...values) - 0.1, high = Math.max(38, ...values) + 0.15;
  const { width, height } = sizeOf(find("dots"));
  const y = (value) => height - 8 - ((value - low) / (high - low)) * (height - 18);
  const x = (at) => width - 8 - Math.min(1, Math.max(0, (end_ms - new Date(at).getTime()) / 3_600_000)) * (width - 16);
  const isRaised = (one) => ["recheck", "referred", "pending", "isolated"].includes(one.outcome);
  const marks = dots.map((one) => drawing("circle", { class: isRaised(one) ? "chart-dot raised" : "chart-dot", cx: x(one.observed_at).toFixed(1), cy: y(one.temperature_c).toFixed(1), r: isRaised(one) ? 6.5 : 3.6 }));
  if (threshold_c !== null) {
    marks.unshift(drawing("line", { class: "chart-threshold", x1: 0, x2: width, y1: y(threshold_c), y2: y(threshold_c) }));
    marks.push(drawing("text", { class: "chart-words threshold", x: 4, y: Math.max(16, y(threshold_c) - 7) }, t("lane.threshold", { threshold_c })));
  }
  find("dots").replaceChildren(...marks);
  const raised = view.summary?.rechecks ?? dots.filter(isRaised).length;
  const people = view.summary?.people ?? dots.length;
  setText(find("hour-summary"), people === 0 ? t("lane.hour_empty") : t("lane.hour_summary", { people: integer(people), rechecks: integer(raised), mean_c: mean(dots) }));
}

// The threshold of this lane's scanner, never that of the clinical thermometer which closed an alarm.
function scannerThreshold(view) {
  const reasons = [...(view.verdict?.reasons ?? []), ...(view.closed?.verdict?.reasons ?? [])];
  return reasons.find((one) => ["within_threshold", "raised_reading"].includes(one.code))?.values?.threshold_c ?? view.threshold_c ?? null;
}

// Drawn in the pixels it has, so that letters and dots keep their size on every screen.
function sizeOf(svg) {
  const { width, height } = svg.getBoundingClientRect();
  const size = { width: Math.max(200, Math.round(width)), height: Math.max(80, Math.round(height)) };
  svg.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  return size;
}

const mean = (dots) => (dots.length ? dots.reduce((sum, one) => sum + one.temperature_c, 0) / dots.length : null);
