// How the edge itself stands, beside the uplink: the age of its policy, and the room on its disk.
import { find, setMark, setText } from "../web/js/elements.js";
import { integer } from "../web/js/format.js";
import { t } from "../web/js/labels.js";

const MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400;
const POLICY_LAMPS = { fresh: "go", amber: "wait", never: "wait", red: "stop" };
const DISK_LAMPS = { low: "wait", scarce: "wait", critical: "stop", reserve: "stop", full: "stop" };

// Days from two on, hours from one on, so that the red one (72 h) reads as days.
function policyAge(seconds) {
  if (seconds >= 2 * DAY_S) return t("lane.policy_days", { count: integer(Math.floor(seconds / DAY_S)) });
  if (seconds >= HOUR_S) return t("lane.policy_hours", { count: integer(Math.floor(seconds / HOUR_S)) });
  return t("lane.policy_minutes", { count: integer(Math.floor(seconds / MINUTE_S)) });
}

function showPolicy(policy) {
  const lamp = POLICY_LAMPS[policy?.freshness];
  find("policy").hidden = lamp === undefined;
  if (lamp === undefined) return;
  const age = policy.freshness === "never" ? t("lane.policy_never") : policyAge(policy.age_s);
  setMark(find("policy"), "lamp", policy.refused > 0 ? "stop" : lamp);
  setText(find("policy"), policy.refused > 0 ? `${age} · ${t("lane.policy_refused", { count: integer(policy.refused) })}` : age);
}

function showDisk(disk, paperFrom) {
  const lamp = DISK_LAMPS[disk?.level];
  find("disk").hidden = lamp === undefined;
  find("paper").hidden = paperFrom === null || paperFrom === undefined;
  setText(find("paper"), find("paper").hidden ? "" : t(paperFrom === 0 ? "lane.use_paper_unnumbered" : "lane.use_paper", { number: `${paperFrom}` }));
  if (lamp === undefined) return;
  setMark(find("disk"), "lamp", lamp);
  setText(find("disk"), t(`lane.disk_${disk.level}`, { percent: integer(Math.floor((100 * disk.free_bytes) / Math.max(1, disk.total_bytes))) }));
}

export function showStanding(view) {
  showPolicy(view.policy);
  showDisk(view.disk, view.paper_from);
}
