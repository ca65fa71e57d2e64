// The CDC desk: what is due first, and what is known. The list and the open case are read anew every few seconds.
import { read, Refused } from "../web/js/api.js";
import { learnNow, limitOf, markClock, now_ms, urgency } from "../web/js/clocks.js";
import { element, find, setMark, setText } from "../web/js/elements.js";
import { celsius, date } from "../web/js/format.js";
import "../web/js/keys.js";
import { placeName, t, word } from "../web/js/labels.js";
import { searching } from "../web/js/searching.js";
import { showCase } from "./case.js";

const REFRESH_MS = 2000;
const FOLLOW_UP_MS = 60_000;
const sift = searching(find("search"), () => document.querySelectorAll(".queue li"), { empty: find("no-line") });
let followedUp_ms = 0;
let chosen = document.body.dataset.crossingId, shownQueue = "", shownCase = "";

async function refresh() {
  try {
    const desk = await read("/api/desk");
    learnNow(desk.now);
    showQueue(desk.cases ?? []);
    showSettled(desk.settled ?? []);
    setMark(find("live"), "lamp", "go");
    setText(find("live"), t("desk.live"));
    if (!chosen && desk.cases?.length) choose(desk.cases[0].crossing_id, { isQuiet: true });
    else if (chosen) await refreshCase();
    if (now_ms() - followedUp_ms > FOLLOW_UP_MS) await refreshFollowUps();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setMark(find("live"), "lamp", "wait");
    setText(find("live"), t("desk.stale"));
    setText(find("error"), problem.words);
  }
}

async function refreshCase() {
  try {
    const found = await read(`/api/desk/${encodeURIComponent(chosen)}`);
    if (JSON.stringify(found) !== shownCase) {
      shownCase = JSON.stringify(found);
      find("no-case").hidden = true;
      find("detail").hidden = false;
      showCase(found, { refresh });
    }
    setText(find("error"), "");
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

function choose(crossingId, { isQuiet = false } = {}) {
  chosen = crossingId;
  shownQueue = "";
  if (!isQuiet) window.history.pushState({}, "", `/desk/${crossingId}`);
  refresh();
}

function showQueue(cases) {
  setText(find("waiting"), cases.length ? t("desk.waiting", { count: cases.length }) : t("desk.nothing_waits"));
  for (const node of document.querySelectorAll(".mark[data-due]")) markUrgency(node);
  const wanted = JSON.stringify([cases, chosen]);
  if (wanted === shownQueue) return;
  shownQueue = wanted;
  const focused = document.activeElement?.dataset?.crossing;
  find("queue").replaceChildren(...cases.map(queueLine));
  sift();
  if (focused) find("queue").querySelector(`[data-crossing="${CSS.escape(focused)}"]`)?.focus();
}

// Contacts that nobody looked at in time: each leads to the list of its case.
async function refreshFollowUps() {
  const { follow_ups: standing } = await read("/api/follow-ups");
  followedUp_ms = now_ms();
  const overdue = standing.filter((one) => one.overdue > 0);
  const dueToday = standing.filter((one) => one.is_due_today).length;
  find("follow-ups-part").hidden = standing.length === 0;
  setText(find("due-today"), dueToday ? t("contacts_page.due_today", { count: dueToday }) : "");
  find("follow-ups").replaceChildren(...overdue.map(followUpLine));
  sift();
}

function followUpLine(one) {
  const mark = element("span", { class: "mark", "data-urgency": "red", "aria-hidden": "true" });
  const words = element("span", {}, one.case_number, element("span", { class: "line small dim" }, ` ${t("contacts_page.overdue", { count: one.overdue })}`));
  return element("li", {}, element("a", { href: `/desk/${encodeURIComponent(one.about)}/contacts` }, mark, words));
}

function markUrgency(node) {
  const left_s = (new Date(node.dataset.due).getTime() - now_ms()) / 1000;
  setMark(node, "urgency", urgency(left_s, Number(node.dataset.limit)));
}

function queueLine(one) {
  const mark = element("span", { class: "mark", "data-due": one.due_at ?? null, "data-limit": one.due_at ? limitOf(one) : null, "aria-hidden": "true" });
  if (one.due_at) markUrgency(mark);
  const left = element("span", { class: "clock" });
  if (one.due_at) markClock(left, one);
  else setText(left, t("desk.no_deadline"));
  const where = one.place_id ? t("desk.in_isolation", { place: one.place_id }) : word("Disposition", one.disposition);
  const about = [one.case_number, word("Sex", one.sex), one.age_years === null || one.age_years === undefined ? null : t("lane.years_old", { count: one.age_years })];
  const link = element(
    "a",
    { href: `/desk/${one.crossing_id}`, "data-crossing": one.crossing_id, "aria-current": one.crossing_id === chosen ? "true" : null },
    mark,
    element("span", {}, about.filter((part) => part && part !== "—").join(" · ")),
    left,
    element("span", { class: "line small dim" }, [celsius(one.temperature_c), word("TravellerCategory", one.category), placeName(one.gate ?? one.point_of_entry_id), where, one.case_class ? word("CaseClass", one.case_class) : null].filter(Boolean).join(" · ")),
    one.provisional_since ? element("span", { class: "line" }, element("span", { class: "chip", "data-tone": "wait" }, t("desk.provisional"))) : null,
  );
  return element("li", {}, leading(link, one.crossing_id));
}

// Cases that came by express alone and never will in a journal: off the list of work, but never out of sight.
let shownSettled = "[]";
function showSettled(settled) {
  const wanted = JSON.stringify([settled, chosen]);
  if (wanted === shownSettled) return;
  shownSettled = wanted;
  find("settled-part").hidden = settled.length === 0;
  const focused = document.activeElement?.dataset?.settled;
  find("settled").replaceChildren(...settled.map(settledLine));
  sift();
  if (focused) find("settled").querySelector(`[data-settled="${CSS.escape(focused)}"]`)?.focus();
}

function settledLine(one) {
  const about = [date(one.report_day), placeName(one.gate), word("SettlementReason", one.reason), t("desk.settled_on", { settled_at: one.settled_at })];
  const link = element(
    "a",
    { href: `/desk/${one.crossing_id}`, "data-settled": one.crossing_id, "aria-current": one.crossing_id === chosen ? "true" : null },
    element("span", { class: "mark", "aria-hidden": "true" }),
    element("span", {}, one.case_number),
    element("span", { class: "line small dim" }, about.filter(Boolean).join(" · ")),
  );
  return element("li", {}, leading(link, one.crossing_id));
}

// A plain click opens the case beside the list; with a modifier the browser does what it always does.
function leading(link, crossingId) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(crossingId);
  });
  return link;
}

window.addEventListener("popstate", () => {
  chosen = window.location.pathname.split("/")[2] ?? "";
  shownQueue = shownCase = "";
  refresh();
});
document.addEventListener("visibilitychange", () => document.hidden || refresh());
await refresh();
setInterval(refresh, REFRESH_MS);
