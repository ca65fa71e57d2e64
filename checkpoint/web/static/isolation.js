// The isolation board: each place, who waits, who is on the road; what is due first and what comes next.
import { read, Refused, send } from "../web/js/api.js";
import { catchScans, whenAlone } from "../web/js/bursts.js";
import { learnNow } from "../web/js/clocks.js";
import { country } from "../web/js/countries.js";
import { element, find, setText } from "../web/js/elements.js";
import { celsius, plain, timeOrDate } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";
import { checkField, inputField } from "../web/js/dialogs.js";
import { askClinical } from "./clinical.js";
import { levelOf, listen } from "./isolation_alarm.js";
import { clockLine, dueOf, STATE_TONES, stateOf, stateWords, urgencyOf } from "./isolation_clocks.js";
import { askPapers } from "./isolation_papers.js";
import { askPicture } from "./isolation_picture.js";
import { askMore, askStep, canStep, whoIs } from "./isolation_steps.js";
import { placeAnswers, placeFields } from "./place_questions.js";
import { gathering } from "./scan.js";
import { showSound, turnSound } from "./sound.js";

const REFRESH_MS = 5000, LISTEN_MS = 1000;
let room = null, shown = "", admitFirst = null, recheckFirst = null, keys = new Map();

async function refresh() {
  try {
    show(await read("/api/isolation"));
    setText(find("error"), "");
  } catch (problem) {
    tell(problem);
  }
}

function tell(problem) {
  if (!(problem instanceof Refused)) throw problem;
  setText(find("error"), problem.words);
}

const everybody = () => (room ? [...room.places.filter((place) => place.person).map((place) => place.person), ...(room.waiting ?? []), ...(room.in_transit ?? []), ...(room.owed ?? [])] : []);

function show(next) {
  learnNow(next.now);
  room = next;
  const taken = next.places.filter((place) => place.person);
  setText(find("occupied"), t("isolation_room.occupied", { taken: taken.length, places: next.places.length }));
  setText(find("as-of"), t("isolation_room.as_of", { seen_at: next.now ?? new Date() }));
  find("raised-acts").hidden = !next.raised_acts;
  setText(find("raised-acts-words"), next.raised_acts ? t("isolation_room.raised_acts", { count: next.raised_acts }) : "");
  listen(everybody());
  draw();
}

// Nothing is drawn anew while it says the same, so that no button moves under a finger.
function draw() {
  if (!room) return;
  const asked = find("search").value.trim().toLocaleLowerCase();
  const { now: _, ...content } = room;
  const content_now = JSON.stringify([content, asked, everybody().map((person) => (person.clocks ?? []).map(levelOf))]);
  if (content_now === shown) return;
  shown = content_now;
  const words = plain(asked).split(/\s+/).filter(Boolean);
  const fits = (person, place = "") => words.length === 0 || holdsAll(about(person, place), words);
  const taken = room.places.filter((place) => place.person && fits(place.person, place.place_id)).sort((a, b) => dueOf(a.person) - dueOf(b.person));
  const waiting = (room.waiting ?? []).filter((person) => fits(person)), referred = waiting.filter((person) => person.disposition === "referred"), others = waiting.filter((person) => person.disposition !== "referred");
  const transit = (room.in_transit ?? []).filter((person) => fits(person)), owed = (room.owed ?? []).filter((person) => fits(person));
  keys = keysOf(taken);
  recheckFirst = others.length ? () => recheck(others[0]) : null;
  admitFirst = referred.length ? () => admit(referred[0]) : null;
  const nobody = (key) => element("li", { class: "empty" }, t(asked ? "isolation_room.nobody_found" : `isolation_room.${key}`));
  keepFocus(() => {
    find("places").replaceChildren(...(taken.length ? taken.map((place) => card(place.person, { place: place.place_id })) : [nobody("nobody_here")]));
    find("waiting-part").hidden = waiting.length === 0;
    find("waiting").replaceChildren(...referred.map((person, index) => card(person, { admitKey: index === 0 ? "F2" : "" })), ...others.map((person, index) => card(person, { admitKey: index === 0 ? "F4" : "" })));
    find("transit").replaceChildren(...(transit.length ? transit.map((person) => card(person)) : [nobody("nobody_in_transit")]));
    find("owed-part").hidden = owed.length === 0;
    find("owed").replaceChildren(...owed.map((person) => card(person)));
    const free = room.places.filter((place) => !place.person);
    find("free").replaceChildren(...(free.length ? free.map((place) => element("li", { class: "chip" }, place.place_id)) : [element("li", {}, t("isolation_room.full"))]));
  });
}

const holdsAll = (nodes, words) => {
  const text = plain(nodes.filter(Boolean).map((node) => node.textContent).join(" "));
  return words.every((one) => text.includes(one));
};

// The key of a place is its own number: it means the same person for as long as somebody lies there, whoever else comes
// and goes. Two places of one number have none, nor have the tenth and later places: Tab reaches their buttons.
const numberOf = ({ place_id }) => /(?:^|\D)0*([1-9])$/.exec(place_id)?.[1] ?? "";
function keysOf(taken) {
  const numbers = room.places.map(numberOf);
  const own = taken.map((place) => [numberOf(place), place.person]).filter(([number]) => numbers.filter((one) => one === number).length === 1);
  return new Map(own.filter(([number]) => number !== ""));
}
const keyOf = (person) => [...keys].find(([, other]) => other === person)?.[0] ?? "";

// The focus stays on the same button of the same person when the cards are drawn anew.
function keepFocus(redraw) {
  const held = document.activeElement?.dataset?.hold;
  redraw();
  if (held) document.querySelector(`[data-hold="${CSS.escape(held)}"]`)?.focus();
}

const aboutPerson = (person) => [word("TravellerCategory", person.category), country(person.nationality), person.age_years === null || person.age_years === undefined ? null : t("lane.years_old", { count: person.age_years }), celsius(person.temperature_c)].filter(Boolean).join(" · ");

// What a card says of a person, without its buttons: the same that a search looks through.
function about(person, place) {
  const clocks = [...(person.clocks ?? [])].sort((a, b) => new Date(a.due_at) - new Date(b.due_at));
  return [
    element("h3", {}, place || whoIs(person), " ", element("span", { class: "chip", "data-tone": STATE_TONES[stateOf(person)] ?? "stop" }, stateWords(person))),
    place ? element("p", { class: "who" }, whoIs(person)) : null,
    element("p", { class: "dim small" }, [aboutPerson(person), person.isolated_at ? t("isolation_room.since", { isolated_at: person.isolated_at }) : null].filter(Boolean).join(" · ")),
    stateOf(person) === "lapsed" ? element("p", { class: "lapsed" }, t("isolation_room.hold_ended")) : null,
    decision(person),
    ...facts(person),
    element("ul", { class: "clocks" }, ...clocks.map(clockLine)),
  ];
}

function card(person, { place = "", admitKey = "" } = {}) {
  return element("li", { class: "card place", "data-urgency": urgencyOf(person), "data-crossing": person.crossing_id }, ...about(person, place), element("div", { class: "steps" }, ...stepButtons(person, admitKey)));
}

// What the CDC decided about a person who was referred here, in its colour and its words.
const CASE_TONES = { suspected: "wait", probable: "stop", confirmed: "stop", discarded: "go" };
function decision(person) {
  if (!person.case_class) return null;
  const words = t("isolation_room.decided", { case_class: word("CaseClass", person.case_class), decided_at: person.case_decided_at });
  return element("p", { class: "decision" }, element("span", { class: "chip", "data-tone": CASE_TONES[person.case_class] }, words), person.case_note ? element("span", { class: "small line" }, person.case_note) : null);
}

function facts(person) {
  const line = (text) => element("p", { class: "small" }, text);
  const join = (section, slugs) => [...new Set(slugs)].map((slug) => word(section, slug)).join(", ");
  return [
    person.destination ? line(`${t("isolation_room.to_facility", { destination: person.destination })} · ${timeOrDate(person.departed_at)}`) : null,
    person.outcome ? line(`${t("isolation_room.outcome")}: ${word("CheckOutcome", person.outcome)}`) : null,
    person.duties?.length && stateOf(person) === "lapsed" ? line(join("FollowUpDuty", person.duties)) : null,
    person.provisions?.length ? line(t("isolation_room.given", { provisions: join("ProvisionKind", person.provisions) })) : null,
    person.notices?.length ? line(t("isolation_room.told", { notices: join("NoticeAddressee", person.notices.map((one) => one.addressee)) })) : null,
    person.contacts ? line(t("isolation_room.contacts_listed", { count: person.contacts })) : null,
  ];
}

function stepButtons(person, admitKey) {
  const picture = person.has_picture ? element("button", { class: "button", type: "button", "data-hold": `${person.crossing_id}/picture`, "aria-label": `${t("isolation_room.picture")} ${whoIs(person)}`, onclick: () => askPicture(person) }, t("isolation_room.picture")) : null;
  if (stateOf(person) === "alarmed" && person.disposition === "pending") return [element("button", { class: "button primary", type: "button", "data-hold": `${person.crossing_id}/recheck`, onclick: () => recheck(person) }, t("lane.do_recheck"), admitKey ? element("kbd", {}, admitKey) : null), picture];
  const number = keyOf(person);
  const first = canStep(person.next_step) ? element("button", { class: "button primary", type: "button", "data-hold": `${person.crossing_id}/next`, onclick: () => take(person.next_step, person) }, t(`isolation_room.step_${person.next_step}`), number ? element("kbd", {}, number) : null) : null;
  const canBeAdmitted = person.disposition === "referred" && !["in_transit", "arrived"].includes(stateOf(person));
  const place = canBeAdmitted ? element("button", { class: "button", type: "button", "data-hold": `${person.crossing_id}/admit`, onclick: () => admit(person) }, t("isolation_room.admit"), admitKey ? element("kbd", {}, admitKey) : null) : null;
  const more = element("button", { class: "button", type: "button", "data-hold": `${person.crossing_id}/more`, "aria-label": `${t("isolation_room.more")} ${whoIs(person)}`, onclick: () => askMore(person, around()).catch(tell) }, t("isolation_room.more"), number ? element("kbd", {}, canStep(person.next_step) ? `⇧${number}` : number) : null);
  const papers = element("button", { class: "button", type: "button", "data-papers": person.crossing_id, "data-hold": `${person.crossing_id}/papers`, "aria-label": `${t("papers.open")} ${whoIs(person)}`, onclick: () => askPapers(person).catch(tell) }, t("papers.open"), element("kbd", { class: "of-focus" }, "P"));
  return [first, place, papers, picture, more];
}

function around() {
  const done = async (step, person) => {
    setText(find("told"), `${t("lane.recorded")}: ${t(`isolation_room.step_${step}`)}`);
    await refresh();
    if (step === "released" && person.ground) setTimeout(() => askPapers(person).catch(tell)); // the card is gone: the confirmation is offered now
  };
  return { grounds: room.grounds ?? ["suspect"], done };
}

const take = (step, person) => askStep(step, person, around());

async function admit(person) {
  try {
    const { place_id } = await send(`/api/isolation/${person.crossing_id}/admit`);
    setText(find("told"), t("isolation_room.admitted", { name: person.full_name ?? "", place: place_id }));
    await refresh();
  } catch (problem) {
    tell(problem);
  }
}

// Whoever was led aside stands at no lane any more: what was missing there is told with the reading.
function missing(person) {
  const ofExpert = person.category !== "expert" ? [] : [
    checkField({ name: "is_symptom_checked", label: t("lane.symptoms_7_days"), choices: [["yes", t("question.symptoms_asked")]] }),
    inputField({ name: "employer", label: t("question.employer"), maxlength: 200 }),
    inputField({ name: "project", label: t("question.project"), maxlength: 200 }),
  ];
  const declared = checkField({ name: "has_declaration", label: t("lane.declaration"), choices: [["yes", t("lane.declared")]] });
  return element("details", { class: "was-missing" }, element("summary", {}, t("isolation_room.was_missing")), declared, ...ofExpert, ...placeFields(room.asked ?? []));
}

function told({ has_declaration, is_symptom_checked, employer = "", project = "" }, form) {
  const answers = placeAnswers(room.asked ?? [], form);
  const said = { ...(has_declaration ? { has_declaration: true } : {}), ...(is_symptom_checked ? { is_symptom_checked: true } : {}), ...(answers.length ? { place_answers: answers } : {}) };
  return employer.trim() || project.trim() ? { ...said, employer: employer.trim(), project: project.trim() } : said;
}

function recheck(person) {
  askClinical({
    more: [missing(person)],
    submit: async (reading, values, form) => {
      await send(`/api/lanes/${person.lane_id}/recheck`, { crossing_id: person.crossing_id, ...reading, ...told(values, form) });
      await refresh();
    },
  });
}

// The papers of the card that has the focus: its key is shown there only.
function papersHere() {
  const held = document.activeElement?.closest("[data-crossing]")?.dataset.crossing;
  const person = everybody().find((one) => one.crossing_id === held);
  if (person) askPapers(person).catch(tell);
}

// Whose document was scanned is searched for, and nothing else is done: the number itself is not shown.
async function searchScanned(text) {
  try {
    const { crossing_ids } = await send("/api/isolation/find", { text });
    const person = everybody().find((one) => crossing_ids.includes(one.crossing_id));
    find("search").value = person ? whoIs(person) : "";
    setText(find("told"), person ? "" : t("isolation_room.nobody_found"));
    draw();
  } catch (problem) {
    tell(problem);
  }
}

const KEYS = {
  p: () => whenAlone(papersHere),
  F2: () => admitFirst?.(),
  F8: turnSound,
  F4: () => recheckFirst?.(),
  F7: () => find("export").click(),
  "/": () => find("search").focus(),
};
document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const isTyping = event.target.matches("input, textarea, select");
  if (event.key === "Escape" && isTyping) {
    event.target.value = "";
    event.target.blur();
    return draw();
  }
  if (isTyping && !event.key.startsWith("F")) return undefined;
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  const person = digit ? keys.get(digit) : null;
  const open = () => (event.shiftKey || !canStep(person.next_step) ? askMore(person, around()).catch(tell) : take(person.next_step, person));
  const act = person ? () => whenAlone(open) : KEYS[event.key];
  if (!act || event.ctrlKey || event.altKey || event.metaKey) return undefined;
  event.preventDefault();
  return act();
});
catchScans({ covers: () => !document.querySelector("dialog[open]"), takesOut: () => true, present: gathering(searchScanned).add });
find("search").addEventListener("input", draw);
find("sound").addEventListener("click", turnSound);
showSound();
await refresh();
setInterval(refresh, REFRESH_MS);
setInterval(() => { if (room) { listen(everybody()); draw(); } }, LISTEN_MS);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
