// Device health as the edge tells it: state, how long silent, faults by kind.
import { read, Refused } from "../web/js/api.js";
import { element, find, setText } from "../web/js/elements.js";
import { integer, timeWithSeconds } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";

const TONES = { up: "go", starting: "wait", stale: "wait", down: "stop", misconfigured: "stop" };

async function refresh() {
  try {
    const health = await read("/api/health");
    find("devices").replaceChildren(...(health.devices ?? []).map(line));
    const uplink = health.uplink ?? {};
    setText(find("uplink"), t("devices_page.uplink_line", { state: word("devices_page", `uplink_${uplink.state}`), pending: integer(health.pending ?? 0), last_receipt: timeWithSeconds(uplink.last_receipt_at) }));
    setText(find("error"), "");
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

function line(device) {
  const faults = Object.entries(device.faults ?? {}).filter(([, count]) => count > 0).map(([code, count]) => `${word("FaultCode", code)}: ${integer(count)}`).join(", ") || "—";
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, device.device_id),
    element("td", {}, element("span", { class: "chip", "data-tone": TONES[device.state] ?? null }, word("DeviceState", device.state))),
    element("td", { class: "number" }, integer(device.readings)),
    element("td", { class: "number" }, timeWithSeconds(device.last_event_at)),
    element("td", {}, device.detail ? `${faults} · ${device.detail}` : faults),
  );
}

await refresh();
setInterval(refresh, 2000);
