// What the gate wants of its devices (its settings, which come with the rules): when they lock, and how long they keep what the edge has.
import { read } from "./vault.js";

const USUAL = { lock_after_min: 5, forget_refused_after_h: 12, receipts_kept: 50 };
const HOUR_MS = 3600000;

export const practice = async () => ({ ...USUAL, ...(await read("marks", "bundle"))?.practice });

// When the person's part of an act that the edge took over to be mended is erased here; never while the edge does not have it.
export const forgottenAt_ms = (kept, { forget_refused_after_h }) => (kept.refusal?.is_at_edge ? kept.refused_ms + forget_refused_after_h * HOUR_MS : null);

// Whichever way the clock was moved: the edge has just said that it has the act.
export const isToForget = (kept, own) => kept.refused_ms !== undefined && Math.abs(Date.now() - kept.refused_ms) >= own.forget_refused_after_h * HOUR_MS;
