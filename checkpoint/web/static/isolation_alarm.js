// Deadlines are heard before they pass: once at half of the time, once in the last quarter, and each minute when overdue.
import { find, setText } from "../web/js/elements.js";
import { t, word } from "../web/js/labels.js";
import { limitOf, now_ms, urgency } from "../web/js/clocks.js";
import { play } from "./sound.js";

const AGAIN_MS = 60000, LEVELS = ["calm", "amber", "red", "overdue"];
const heard = new Map(JSON.parse(window.sessionStorage.getItem("kd-heard") ?? "[]"));

export function levelOf(clock) {
  const left_s = (new Date(clock.due_at).getTime() - now_ms()) / 1000;
  return left_s < 0 ? "overdue" : urgency(left_s, limitOf(clock));
}

// people: everybody on the board. Says and sounds what has become worse since it was last heard.
export function listen(people) {
  const worst = { level: "calm", clock: null, person: null };
  const present = new Set();
  for (const person of people) {
    for (const clock of person.clocks ?? []) {
      const key = `${person.crossing_id}/${clock.kind}/${clock.due_at}`, level = levelOf(clock), before = heard.get(key);
      present.add(key);
      const isWorse = LEVELS.indexOf(level) > LEVELS.indexOf(before?.level ?? "calm");
      const isAgain = level === "overdue" && !clock.escalated_because && Date.now() - (before?.at ?? 0) >= AGAIN_MS;
      if (!isWorse && !isAgain) continue;
      heard.set(key, { level, at: Date.now() });
      if (LEVELS.indexOf(level) > LEVELS.indexOf(worst.level)) Object.assign(worst, { level, clock, person });
    }
  }
  for (const key of heard.keys()) if (!present.has(key)) heard.delete(key);
  window.sessionStorage.setItem("kd-heard", JSON.stringify([...heard]));
  showOverdue(people);
  if (worst.level !== "calm") play(worst.level === "amber" ? "wait" : "stop");
}

function showOverdue(people) {
  const late = people.flatMap((person) => (person.clocks ?? []).filter((clock) => levelOf(clock) === "overdue").map((clock) => `${word("ClockKind", clock.kind)} — ${person.is_erased ? t("isolation_room.erased") : person.full_name || person.place_id || t("isolation_room.without_place")}`));
  find("alarm").hidden = late.length === 0;
  setText(find("alarm"), late.length ? `${t("isolation_room.overdue")}: ${late.slice(0, 3).join(" · ")}${late.length > 3 ? ` (+${late.length - 3})` : ""}` : "");
}
