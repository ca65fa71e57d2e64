// A refusal that lasts (429, or the wrong password that cost a wait): what is left of it counts down, and the button that would only
// be refused again stays shut until then. The service counts by itself; this is for the person.
import { setText } from "./elements.js";
import { Refused } from "./api.js";

const TICK_MS = 1000;

export function showRefusal(problem, { error, button }) {
  setText(error, problem.words);
  let left_s = Math.ceil(problem.values.wait_s ?? 0);
  if (!left_s || !button) return;
  button.disabled = true;
  const timer = window.setInterval(() => {
    left_s -= 1;
    if (left_s > 0 && button.isConnected) return setText(error, new Refused({ code: "wait", values: { wait_s: left_s } }, 429).words);
    window.clearInterval(timer);
    button.disabled = false;
    return setText(error, "");
  }, TICK_MS);
}
