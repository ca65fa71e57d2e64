// What an act is made of besides what was done: its name, its permit, and what the device's clock showed.
import { uuid7 } from "./uuid7.js";
import { read } from "./vault.js";

export async function newAct(fields) {
  const permit = await read("marks", "permit"), clock = await read("marks", "clock"), at_ms = Date.now();
  return { act_id: uuid7(at_ms), permit: permit.permit, observed_at: new Date(at_ms).toISOString(), last_offset_s: clock ? clock.offset_ms / 1000 : null, ...fields };
}

// The last marks of what was scanned or typed: enough to tell two people apart who wait.
export const hintOf = (act) => `••••${(act.scans?.[0] ?? "").slice(-4)}`;
