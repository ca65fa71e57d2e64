// The CDC desk: what is due first, and what is known. The list and the open case are read anew every few seconds.
import { read, Refused } from "../web/js/api.js";
import { learnNow, limitOf, markClock, now_ms, urgency } from "../web/js/clocks.js";
import { element, find, setMark, setText } from "../web/js/elements.js";
import { celsius } from "../web/js/format.js";
import { placeName, t, word } from "../web/js/labels.js";
import { showCase } from "./case.js";

const REFRESH_MS = 4000;
let chosen = document.body.dataset.crossingId, shownQueue = "", shownCase = "";

async function refresh() {
  try {
    const desk = await read("/api/desk");
    learnNow(desk.now);
    showQueue(desk.cases ?? []);
    setMark(find("live"), "lamp", "go");
    setText(find("live"), t("desk.live"));
    if (!chosen && desk.cases?.length) choose(desk.cases[0].crossing_id, { isQuiet: true });
    else if (chosen) await refreshCase();
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
  if (focused) find("queue").querySelector(`[data-crossing="${CSS.escape(focused)}"]`)?.focus();
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
  );
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(one.crossing_id);
  });
  return element("li", {}, link);
}

window.addEventListener("popstate", () => {
  chosen = window.location.pathname.split("/")[2] ?? "";
  shownQueue = shownCase = "";
  refresh();
});
document.addEventListener("visibilitychange", () => document.hidden || refresh());
await refresh();
setInterval(refresh, REFRESH_MS);
