// Enrolled by a code, taken up by a signed-in officer for a shift, locked by a PIN of its own between two looks.
import { Refused } from "../../web/js/api.js";
import { element, find, setText } from "../../web/js/elements.js";
import { showRefusal } from "../../web/js/waiting.js";
import { hasScanner, scanCode } from "./camera.js";
import { codeIn, forgetCode, givenCode } from "./enrolment_code.js";
import { sendSigned } from "./flusher.js";
import { afterMistake, isGuessable, isPin, isRight, makePin, MOST_MISTAKES } from "./pin.js";
import { makeDevice, put, read } from "./vault.js";

const SET_BACK_MS = 60000;
let openFor = "", after = async () => {};

// A window is open for one permit only: the next officer's is locked in every window until its PIN is given there.
export const isLocked = () => openFor === "";
export const lock = () => {
  openFor = "";
};

// By the edge's clock, as far as it was learnt; a clock that was set back does not lengthen a permit.
async function edgeNow_ms() {
  const clock = await read("marks", "clock"), high = (await read("marks", "high")) ?? 0, now_ms = Date.now() + (clock?.offset_ms ?? 0);
  if (now_ms > high) await put("marks", "high", now_ms);
  return now_ms + SET_BACK_MS < high ? high : now_ms;
}

export async function shownPart(device, permit) {
  if (!device?.handheld_id) return "enrol";
  if (!permit) return "take-up";
  if ((await edgeNow_ms()) >= new Date(permit.expires_at).getTime() || permit.lock.mistakes >= MOST_MISTAKES) return "over";
  return openFor === permit.permit_id ? "work" : "locked";
}

// The officer's session, asked for when it is needed; without one the way leads to the sign-in and back.
async function session() {
  let answer;
  try {
    answer = await fetch("/api/session", { cache: "no-store", headers: { Accept: "application/json" } });
  } catch {
    throw new Refused({ code: "no_service" }, 0);
  }
  if (answer.status === 401) {
    window.location.assign("/sign-in?next=%2Fhandheld%2F");
    throw new Refused({ code: "not_signed_in" }, 401);
  }
  return answer.json();
}

async function answered(asking) {
  let answer;
  try {
    answer = await asking;
  } catch {
    throw new Refused({ code: "no_service" }, 0);
  }
  if (!answer.ok) throw new Refused(await answer.json().catch(() => ({})), answer.status);
  return answer.json();
}

async function enrol(code) {
  const { csrf_token } = await session();
  const device = await makeDevice();
  const body = JSON.stringify({ code, public_key: device.public_key });
  const told = await answered(fetch("/api/handhelds/enrol", { method: "POST", body, headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf_token } }));
  // Acts that a device kept before it was enrolled anew stay under the key by which they were sealed.
  const before = await read("device", "this");
  const secrets = before ? { sealingKey: before.sealingKey, pepper: before.pepper } : {};
  await put("marks", "permit", undefined);
  await put("device", "this", { ...device, ...secrets, handheld_id: told.handheld_id, label: told.label, lanes: told.lanes });
  forgetCode();
}

async function takeUp(lane_id, pin) {
  const { csrf_token } = await session();
  const device = await read("device", "this");
  const told = await answered(sendSigned(device, "/api/handhelds/permit", { lane_id }, { "X-CSRF-Token": csrf_token }));
  await put("marks", "bundle", told.bundle);
  await put("marks", "clock", { offset_ms: new Date(told.now).getTime() - Date.now() });
  const { permit, permit_id, expires_at, officer } = told;
  const lane_label = told.lanes.find((one) => one.lane_id === lane_id)?.label ?? lane_id;
  await put("device", "this", { ...device, lanes: told.lanes });
  await put("marks", "permit", { permit, permit_id, expires_at, officer, lane_id, lane_label, lock: await makePin(pin, device.pepper) });
  openFor = permit_id;
}

// The officer hands the device back: nobody works on it, and the session of the browser ends if the edge is there. The acts that
// wait stay, sealed, and are sent by the device's own key; a person who was stopped stays on the screen of whoever takes it up next.
async function handBack() {
  lock();
  await put("marks", "permit", undefined);
  try {
    const asked = await fetch("/api/session", { cache: "no-store", headers: { Accept: "application/json" } });
    if (asked.ok) await fetch("/sign-out", { method: "POST", headers: { "X-CSRF-Token": (await asked.json()).csrf_token } });
  } catch (problem) {
    if (!(problem instanceof TypeError)) throw problem;
  }
}

async function unlock(pin) {
  const device = await read("device", "this"), permit = await read("marks", "permit");
  const left_ms = permit.lock.wait_until_ms - Date.now();
  if (left_ms > 0) throw new Refused({ code: "wait", values: { wait_s: Math.ceil(left_ms / 1000) } }, 429);
  const isGood = isPin(pin) && (await isRight(pin, permit.lock, device.pepper));
  const next = isGood ? { ...permit.lock, mistakes: 0, wait_until_ms: 0 } : afterMistake(permit.lock, Date.now());
  await put("marks", "permit", { ...permit, lock: next });
  if (!isGood && next.mistakes < MOST_MISTAKES) throw new Refused({ code: "handheld_pin_wrong" }, 401);
  openFor = isGood ? permit.permit_id : "";
}

function requirePin(pin, again) {
  if (!isPin(pin) || isGuessable(pin)) throw new Refused({ code: "handheld_pin_weak" }, 422);
  if (pin !== again) throw new Refused({ code: "handheld_pin_differs" }, 422);
}

function onSubmit(id, act) {
  const form = find(id), error = form.querySelector(".error-line"), button = form.querySelector("[type=submit]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    setText(error, "");
    button.disabled = true;
    let refused = null;
    try {
      await act(Object.fromEntries(new FormData(form)));
      form.reset();
      await after();
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      refused = problem;
    } finally {
      button.disabled = false;
    }
    if (refused) showRefusal(refused, { error, button });
  });
}

export function begin({ changed, opened, closing }) {
  after = changed;
  onSubmit("enrol-form", ({ code }) => enrol(code));
  const fillCode = (text) => (find("code").value = text);
  fillCode(givenCode());
  window.addEventListener("hashchange", () => fillCode(givenCode()));
  find("scan-code").hidden = !hasScanner();
  find("scan-code").addEventListener("click", () => scanCode({ take: (text) => fillCode(codeIn(text)) }));
  onSubmit("take-up-form", async ({ lane_id, pin, again }) => {
    requirePin(pin, again);
    await takeUp(lane_id, pin);
    await opened();
  });
  onSubmit("unlock-form", async ({ pin }) => {
    await unlock(pin);
    if (!isLocked()) await opened();
  });
  find("hand-back").addEventListener("click", () => closing().then(handBack).then(after));
  find("over-again").addEventListener("click", async () => {
    await put("marks", "permit", undefined);
    await after();
  });
}

export function fillLanes(lanes) {
  const select = find("lane");
  if (select.options.length === lanes.length) return;
  select.replaceChildren(...lanes.map((one) => element("option", { value: one.lane_id }, one.label)));
}
