// What the open and the veiled board share: the state of whoever is in the gate's care, and each legal clock as a line.
import { markClock } from "../web/js/clocks.js";
import { element } from "../web/js/elements.js";
import { t, word } from "../web/js/labels.js";
import { levelOf } from "./isolation_alarm.js";

export const STATE_TONES = { alarmed: "wait", lapsed: "wait", in_transit: "info", arrived: "go", released: "go" };
export const stateOf = (person) => person.state ?? (person.disposition === "pending" ? "alarmed" : "held");
export const stateWords = (person) => t(`isolation_room.state_${stateOf(person)}`);
export const dueOf = (person) => (person.clocks?.length ? Math.min(...person.clocks.map((clock) => new Date(clock.due_at))) : Infinity);

export function urgencyOf(person) {
  const levels = (person.clocks ?? []).map(levelOf);
  if (levels.some((level) => ["red", "overdue"].includes(level))) return "red";
  return levels.includes("amber") ? "amber" : "calm";
}

export function clockLine(clock) {
  const left = element("span", { class: "clock" });
  markClock(left, clock);
  const isLate = levelOf(clock) === "overdue";
  const marks = [isLate ? t(clock.kind === "transfer_arrival" ? "isolation_room.not_arrived" : "isolation_room.overdue") : null, clock.is_extended ? t("isolation_room.extended") : null, clock.escalated_because ? `${t("isolation_room.escalated")}: ${word("EscalationReason", clock.escalated_because)}` : null];
  const due = clock.limit_s === 0 ? t("isolation_room.due_at_once") : t("isolation_room.due", { due_at: clock.due_at });
  return element(
    "li",
    { class: isLate ? "late" : null },
    element("span", { class: isLate ? "strong" : null }, word("ClockKind", clock.kind)),
    left,
    element("span", { class: "small dim line", title: clock.clause }, [...marks, due, clock.who_acts ? word("LegalRole", clock.who_acts) : null, clock.clause].filter(Boolean).join(" · ")),
  );
}
