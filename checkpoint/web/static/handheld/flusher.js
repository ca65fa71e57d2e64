// Sends what was kept, oldest first, few at a time. However many windows are open, one of them flushes: the lock is the browser's.
// An answer that is lost costs nothing: the same act again gets the same answer.
import { isToForget, practice } from "./practice.js";
import { finish, keptActs, noteRefused, put, read, unsealed } from "./vault.js";

const PATH = "/handheld/v1/flush", MOST_ACTS = 20, PATIENCE_MS = 15000, LOCK = "kd-handheld-flush";
const PURPOSE = "kiemdich/handheld/v1";

async function signature(device, path, body) {
  const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const words = new TextEncoder().encode(`${PURPOSE}\n${path}\n${hex(await crypto.subtle.digest("SHA-256", body))}\n`);
  const signed = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, device.signingKey, words));
  return btoa(String.fromCharCode(...signed)).replaceAll("+", "-").replaceAll("/", "_");
}

// A request under the device's own signature. Throws TypeError where the edge is out of reach.
export async function sendSigned(device, path, content, headers = {}) {
  return sendSignedBytes(device, path, new TextEncoder().encode(JSON.stringify(content)), { "Content-Type": "application/json", ...headers });
}

export async function sendSignedBytes(device, path, body, headers) {
  return fetch(path, {
    method: "POST", body, credentials: "same-origin", cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS),
    headers: { "X-Handheld": device.handheld_id, "X-Handheld-Signature": await signature(device, path, body), ...headers },
  });
}

// "idle" (somebody else flushes, or there is no device), "done", "offline", "unknown" (the edge knows no such device), "busy".
// isThorough: what was refused is asked about again too, because it may have been mended at the station meanwhile.
export async function flush({ isThorough = false } = {}) {
  return navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (!lock) return { state: "idle" };
    const device = await read("device", "this");
    if (!device?.handheld_id) return { state: "idle" };
    return flushAll(device, isThorough);
  });
}

async function flushAll(device, isThorough) {
  const asked = new Set();
  let isRevoked = false;
  for (;;) {
    const due = (await keptActs()).filter((one) => !asked.has(one.act_id) && (isThorough || !one.refusal)).slice(0, MOST_ACTS);
    due.forEach((one) => asked.add(one.act_id));
    const told = await sendActs(device, due);
    if (told.state) return told;
    for (const [place, one] of told.answers.entries()) await settle(due[place], one);
    isRevoked ||= told.is_revoked;
    if (due.length < MOST_ACTS) return { state: "done", count: asked.size, isRevoked };
  }
}

async function sendActs(device, due) {
  const bundle = await read("marks", "bundle");
  const acts = await Promise.all(due.map((one) => unsealed(device, one)));
  const left_ms = Date.now();
  try {
    const answer = await sendSigned(device, PATH, { sent_at: new Date(left_ms).toISOString(), stamp: bundle?.stamp ?? "", acts });
    if (answer.status === 401) return { state: "unknown" };
    if (!answer.ok) return { state: [502, 504].includes(answer.status) ? "offline" : "busy" };
    const told = await answer.json();
    await put("marks", "clock", { offset_ms: new Date(told.now).getTime() - (left_ms + Date.now()) / 2 });
    if (told.bundle) await put("marks", "bundle", told.bundle);
    return told;
  } catch (problem) {
    if (problem instanceof TypeError || problem instanceof DOMException || problem instanceof SyntaxError) return { state: "offline" };
    throw problem;
  }
}

// In the journal, held at the gate, or set aside there: the device may forget it. Refused: it stays here, to be mended, for as long
// as the gate says; then it is mended at the station, which has just said that it has the act whole.
async function settle(kept, told) {
  const { act_id, disposition, code, values, is_at_edge, sequence, outcome, is_different, clock, observed_at, place_id } = told;
  if (act_id !== kept.act_id) throw new Error("an answer about another act");
  const own = await practice();
  if (disposition === "refused" && !(is_at_edge && isToForget(kept, own))) await noteRefused(kept, { code, values, is_at_edge });
  else await finish(kept, { act_id, disposition, code, sequence, outcome, is_different, clock, observed_at, place_id, provisional: kept.outcome }, own.receipts_kept);
}
