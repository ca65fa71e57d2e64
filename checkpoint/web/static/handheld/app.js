// The handheld's page: which of its parts is shown, whether the edge is there, and what was kept and is not there yet.
import { find, setMark, setText } from "../../web/js/elements.js";
import { t } from "../../web/js/labels.js";
import { flush } from "./flusher.js";
import { drawKept } from "./kept.js";
import { hear, tellLocked, tellOthers } from "./others.js";
import { drawStopped } from "./stopped.js";
import { practice } from "./practice.js";
import { isStorageShort, keepStorage } from "./storage.js";
import { keptActs, read, readAll, wipe } from "./vault.js";
import { begin as beginTakingUp, fillLanes, isLocked, lock, shownPart } from "./taking_up.js";
import { begin as beginWork, bringBack, drawWork, isHalfTyped, putAway } from "./work.js";

const PARTS = ["enrol", "take-up", "locked", "over", "work"];
const FIRST_PAUSE_MS = 1000, LONGEST_PAUSE_MS = 30000, THOROUGH_EVERY_MS = 60000, MINUTE_MS = 60000;
let wasRevoked = false, link = "unsure", pause_ms = FIRST_PAUSE_MS, timer = null, thorough_ms = 0, touched_ms = Date.now();

function showTheme() {
  const theme = window.localStorage.getItem("kd-theme");
  if (theme) document.documentElement.dataset.theme = theme;
}

export function turnTheme() {
  const next = { auto: "dark", dark: "light", light: "auto" }[document.documentElement.dataset.theme] ?? "dark";
  window.localStorage.setItem("kd-theme", next);
  showTheme();
}

// Everything on the page follows from what is kept; it is drawn anew after each change, in this window and in others.
export async function draw() {
  const device = await read("device", "this"), permit = await read("marks", "permit");
  const part = link === "unknown" ? "enrol" : await shownPart(device, permit);
  if (part !== "work" && isHalfTyped()) await putAway(device); // handed back, revoked, or over: in whichever window
  for (const name of PARTS) find(name).hidden = name !== part;
  setMark(document.body, "part", part);
  find("lock").hidden = find("hand-back").hidden = part !== "work";
  fillLanes(device?.lanes ?? []);
  setText(find("who"), permit && part === "work" ? `${permit.lane_label} · ${permit.officer}` : "");
  const acts = await keptActs();
  await drawKept({ acts, receipts: await readAll("receipts"), device, isOpen: part === "work", own: await practice() });
  const bundle = await read("marks", "bundle");
  drawWork(bundle);
  if (bundle) await drawStopped({ bundle, changed: kept });
  drawLink(acts.length);
  const warning = (wasRevoked && part === "enrol" ? "revoked_here" : null) ?? (await isStorageShort()) ?? (link === "unknown" ? "unknown_here" : null);
  find("warning").hidden = !warning;
  setText(find("warning"), warning ? t(`handheld.${warning}`) : "");
}

function drawLink(waiting) {
  const lamp = { done: "go", offline: "wait", busy: "wait", unknown: "stop", unsure: "" }[link] ?? "";
  setMark(find("link"), "lamp", lamp);
  setText(find("link"), t(`handheld.link_${link === "unsure" ? "offline" : link}`, { count: waiting }));
}

// Flushes now; comes back by itself, sooner while something waits and the edge answered last time.
export async function sync() {
  window.clearTimeout(timer);
  const isThorough = Date.now() - thorough_ms >= THOROUGH_EVERY_MS;
  const told = await flush({ isThorough });
  if (isThorough && told.state === "done") thorough_ms = Date.now();
  if (told.state !== "idle") link = told.state;
  if (told.isRevoked) await revoked();
  pause_ms = link === "done" ? FIRST_PAUSE_MS * 10 : Math.min(LONGEST_PAUSE_MS, pause_ms * 2);
  timer = window.setTimeout(sync, pause_ms);
  if (told.state === "done" && told.count) tellOthers();
  await draw();
}

// What was kept is at the gate now, held for an officer. Here nothing of it stays, and no key.
async function revoked() {
  const isAllThere = (await keptActs()).every((one) => one.refusal?.is_at_edge);
  if (!isAllThere) return leave();
  await wipe();
  link = "unsure";
  lock();
  wasRevoked = true;
  tellOthers();
}

export async function kept() {
  if (link === "unknown") link = "unsure";
  pause_ms = FIRST_PAUSE_MS;
  await draw();
  tellOthers();
  await sync();
}

async function register() {
  if (!("serviceWorker" in navigator)) return;
  const address = "/handheld/worker.js";
  const policy = window.trustedTypes?.createPolicy("kd-worker", { createScriptURL: (text) => (text === address ? text : "about:invalid") });
  await navigator.serviceWorker.register(policy ? policy.createScriptURL(address) : address);
}

function again() {
  pause_ms = FIRST_PAUSE_MS;
  sync();
}

async function lockIfIdle() {
  if (!isLocked() && Math.abs(Date.now() - touched_ms) >= (await practice()).lock_after_min * MINUTE_MS) leave();
}

// A dialog may show a whole document, and could still be sent: it closes with the lock.
async function follow() {
  if (isLocked()) return;
  lock();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  const device = await read("device", "this");
  if (device) await putAway(device);
  await draw();
}

function leave() {
  tellLocked();
  return follow();
}

showTheme();
hear({ changed: draw, locked: follow });
beginTakingUp({ changed: kept, opened: async () => bringBack(await read("device", "this")), closing: async () => putAway(await read("device", "this")) });
beginWork({ changed: kept });
find("kept").addEventListener("mended", kept);
find("own-theme").addEventListener("click", turnTheme);
find("lock").addEventListener("click", leave);
for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, () => (touched_ms = Date.now()), { capture: true });
window.addEventListener("online", again);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && again());
window.setInterval(lockIfIdle, 5000);
await draw();
setMark(document.body, "ready", "yes");
await Promise.all([register(), keepStorage()]);
await sync();
