// Device health as the edge tells it: state, how long silent, faults by kind.
import { read, Refused } from "../web/js/api.js";
import { element, find, setText } from "../web/js/elements.js";
import { integer, timeWithSeconds } from "../web/js/format.js";
import { has, laneWords, t, word } from "../web/js/labels.js";

const TONES = { up: "go", starting: "wait", stale: "wait", warming_up: "wait", drifting: "wait" };
const MARKS = { go: "✓", wait: "▲", stop: "■" };
let list = { devices: [], lanes: {} };

async function refresh() {
  try {
    const health = await read("/api/health");
    list = await read("/api/devices");
    draw();
    const uplink = health.uplink ?? {};
    setText(find("uplink"), t("devices_page.uplink_line", { state: word("devices_page", `uplink_${uplink.state}`), pending: integer(health.pending ?? 0), confirmed: integer(uplink.confirmed ?? 0), recovered: integer(uplink.recovered ?? 0), last_receipt: timeWithSeconds(uplink.last_receipt_at) }));
    const reason = has(`uplink_reason.${uplink.reason}`) ? `${t(`uplink_reason.${uplink.reason}`)}. ${t(`uplink_reason.${uplink.reason}_do`)}.` : "";
    const finding = uplink.finding ? `${word("IncarnationReason", uplink.finding)}. ${t("uplink_reason.finding_do")}.` : "";
    setText(find("uplink-reason"), `${reason} ${finding}`.trim());
    setText(find("error"), "");
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

function draw() {
  const wanted = find("search").value.trim().toLocaleLowerCase();
  const shown = list.devices.filter((device) => [device.device_id, device.model, modelName(device), laneName(device), device.serial_number, device.voice?.serial_number, device.owner, word("DeviceCondition", device.condition)].join(" ").toLocaleLowerCase().includes(wanted));
  find("devices").replaceChildren(...(shown.length ? shown.map(line) : [element("tr", {}, element("td", { colspan: 7 }, t("devices_page.none_found")))]));
}

// A kind of device in the page's language; a maker's name is its name in every language.
function modelName(device) {
  const key = `devices_page.model_${device.model}`;
  return has(key) ? t(key) : device.model_name;
}

function laneName(device) {
  return device.lane_id ? laneWords(list.lanes[device.lane_id] ?? device.lane_id) : "";
}

// What a device says of itself goes before its papers; where they differ both are shown.
function told(device, field) {
  const said = device.voice?.[field];
  if (!device.contradictions.includes(field)) return said || device[field] || "—";
  return `■ ${t("devices_page.contradiction", { said, written: device[field] })}`;
}

function line(device) {
  const faults = Object.entries(device.faults ?? {}).filter(([, count]) => count > 0).map(([code, count]) => `${word("FaultCode", code)}: ${integer(count)}`).join(", ") || "—";
  const tone = TONES[device.condition] ?? "stop";
  const reasons = device.reasons.map((reason) => t(`ConditionReason.${reason.code}`, reason.values));
  const { battery_percent: battery, clock_offset_s: offset } = device.voice ?? {};
  const more = [battery == null ? "" : t("devices_page.battery", { percent: integer(battery) }), offset == null ? "" : t("devices_page.clock_offset", { seconds: integer(Math.round(offset)) })].filter(Boolean);
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, device.device_id, element("p", { class: "small dim" }, [modelName(device), laneName(device)].filter(Boolean).join(" · "))),
    element("td", {}, element("span", { class: "chip", "data-tone": tone }, `${MARKS[tone]} ${word("DeviceCondition", device.condition)}`), ...reasons.map((words) => element("p", { class: "small" }, words)), device.reasons.length && device.since ? element("p", { class: "small dim" }, t("devices_page.since", { since_at: device.since })) : ""),
    element("td", {}, told(device, "serial_number"), element("p", { class: "small" }, `${t("devices_page.firmware")}: ${told(device, "firmware")}`), element("p", { class: "small" }, `${t("devices_page.owner")}: ${device.owner || "—"}`)),
    element("td", {}, device.calibration_due_on ? t("devices_page.due_on", { due_on: device.calibration_due_on }) : t("devices_page.no_due_date"), element("p", { class: "small" }, [device.calibrated_on ? t("devices_page.calibrated_on", { calibrated_on: device.calibrated_on }) : "", device.certificate].filter(Boolean).join(" · "))),
    element("td", { class: "number" }, integer(device.readings)),
    element("td", { class: "number" }, timeWithSeconds(device.last_event_at), ...more.map((words) => element("p", { class: "small" }, words))),
    element("td", {}, device.detail ? `${faults} · ${device.detail}` : faults),
  );
}

find("search").addEventListener("input", draw);
await refresh();
// The gate's board leads here with a lane: its devices alone are looked for.
const asked = decodeURIComponent(window.location.hash.slice(1));
if (list.lanes[asked]) {
  find("search").value = laneWords(list.lanes[asked]);
  draw();
}
setInterval(refresh, 2000);
