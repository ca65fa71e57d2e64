// The isolation room: each place, who is in it, which legal clocks run.
import { read, Refused, send } from "../web/js/api.js";
import { learnNow, markClock } from "../web/js/clocks.js";
import { ask, inputField, radioField, textField } from "../web/js/dialogs.js";
import { element, find, setText } from "../web/js/elements.js";
import { celsius } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";
import { askClinical } from "./clinical.js";

const REFRESH_MS = 5000;

async function refresh() {
  try {
    show(await read("/api/isolation"));
    setText(find("error"), "");
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

let shown = "", admitFirst = null;
function show({ places, waiting = [], now }) {
  learnNow(now);
  const taken = places.filter((place) => place.person);
  setText(find("occupied"), t("isolation_room.occupied", { taken: taken.length, places: places.length }));
  setText(find("as-of"), t("isolation_room.as_of", { seen_at: now ?? new Date() }));
  if (JSON.stringify([places, waiting]) === shown) return;
  shown = JSON.stringify([places, waiting]);
  showWaiting(waiting);
  const free = places.filter((place) => !place.person);
  find("places").replaceChildren(...(taken.length ? taken.map(takenPlace) : [element("li", { class: "empty" }, t("isolation_room.nobody_here"))]));
  find("free").replaceChildren(...(free.length ? free.map((place) => element("li", { class: "chip" }, place.place_id)) : [element("li", {}, t("isolation_room.full"))]));
}

// Referred people without a place come first, with a key; then those who wait for the clinical thermometer.
function showWaiting(waiting) {
  const referred = waiting.filter((person) => person.disposition === "referred");
  const others = waiting.filter((person) => person.disposition !== "referred");
  admitFirst = referred.length ? () => admit(referred[0]) : null;
  find("waiting-part").hidden = waiting.length === 0;
  find("waiting").replaceChildren(...referred.map((person, index) => waitingPerson(person, index === 0)), ...others.map((person) => waitingPerson(person, false)));
}

const aboutPerson = (person) => [word("TravellerCategory", person.category), person.age_years === null || person.age_years === undefined ? null : t("lane.years_old", { count: person.age_years }), celsius(person.temperature_c)].filter(Boolean).join(" · ");

function waitingPerson(person, isFirst) {
  const isReferred = person.disposition === "referred";
  const key = isFirst ? element("kbd", {}, "F2") : null;
  return element(
    "li",
    { class: "card place" },
    element("p", { class: "who" }, person.full_name ?? person.crossing_id, " ", element("span", { class: "chip", "data-tone": isReferred ? "stop" : "wait" }, word("Disposition", person.disposition))),
    element("p", { class: "dim" }, aboutPerson(person)),
    element("ul", {}, ...(person.clocks ?? []).map(clockLine)),
    isReferred ? element("button", { class: "button", type: "button", onclick: () => admit(person) }, t("isolation_room.admit"), " ", key) : element("button", { class: "button", type: "button", onclick: () => recheck(person) }, t("lane.do_recheck")),
  );
}

async function admit(person) {
  try {
    const { place_id } = await send(`/api/isolation/${person.crossing_id}/admit`);
    setText(find("told"), t("isolation_room.admitted", { name: person.full_name ?? "", place: place_id }));
    await refresh();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

function recheck(person) {
  askClinical({
    submit: async (reading) => {
      await send(`/api/lanes/${person.lane_id}/recheck`, { crossing_id: person.crossing_id, ...reading });
      await refresh();
    },
  });
}

function takenPlace({ place_id, person }) {
  const clocks = [...(person.clocks ?? [])].sort((a, b) => new Date(a.due_at) - new Date(b.due_at));
  return element(
    "li",
    { class: "card place" },
    element("h2", {}, place_id, element("span", { class: "chip", "data-tone": "stop" }, t("isolation_room.taken"))),
    element("p", { class: "who" }, person.full_name ?? person.crossing_id),
    element("p", { class: "dim" }, aboutPerson(person)),
    element("p", { class: "small dim" }, t("isolation_room.since", { isolated_at: person.isolated_at })),
    element("ul", {}, ...clocks.map(clockLine)),
    element("button", { class: "button", type: "button", onclick: () => askDischarge(place_id, person) }, t("isolation_room.discharge")),
  );
}

function clockLine(clock) {
  const left = element("span", { class: "clock" });
  markClock(left, clock);
  return element("li", {}, element("span", {}, word("ClockKind", clock.kind)), left, element("span", { class: "small dim line" }, [t("isolation_room.due", { due_at: clock.due_at }), clock.clause].filter(Boolean).join(" · ")));
}

function askDischarge(placeId, person) {
  ask({
    title: t("isolation_room.discharge_title", { place: placeId, name: person.full_name ?? "" }),
    fields: [
      radioField({ name: "disposition", label: t("isolation_room.where_to"), choices: ["referred", "cleared", "refused"].map((slug) => [slug, t(`isolation_room.leaves_${slug}`)]), chosen: "referred" }),
      inputField({ name: "destination", label: t("isolation_room.destination"), required: true, maxlength: 200 }),
      textField({ name: "reason", label: t("lane.reason_in_words"), required: true }),
    ],
    submitKey: "lane.save",
    submit: async (values) => {
      await send(`/api/isolation/${person.crossing_id}/discharge`, values);
      await refresh();
    },
  });
}

await refresh();
setInterval(refresh, REFRESH_MS);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
document.addEventListener("keydown", (event) => {
  if (event.key === "F2" && admitFirst && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    admitFirst();
  }
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) window.history.back();
});
