// The travellers' screen: what its lane says, and nothing else. Where the lane is not heard, it asks to wait.
import { Refused, read, send } from "../web/js/api.js";
import { find, setMark, setText } from "../web/js/elements.js";
import { pictogram } from "./pictograms.js";

const SILENT_MS = 12000, AGAIN_MS = 2000;
let shown = "", heard = 0, stream = null;

function show({ message, texts }) {
  const key = JSON.stringify([message, texts]);
  if (key === shown) return;
  shown = key;
  const wanted = find(`say-${message}`) ?? find("say-wait");
  for (const sentence of document.querySelectorAll(".sentence")) sentence.hidden = sentence !== wanted;
  [...wanted.children].forEach((line, index) => {
    line.dataset.usual ??= line.textContent;
    setText(line, texts ? texts[["vi", "en", "zh"][index]] : line.dataset.usual);
  });
  setMark(find("display"), "tone", message === "go_on" ? "go" : "none");
  find("pictogram").replaceChildren(pictogram(message));
}

function turn(state) {
  document.body.dataset.state = state;
  find("pairing").hidden = state !== "pairing";
  find("display").hidden = state === "pairing";
  if (state === "pairing") find("code").focus();
}

// A screen that hears nothing must not go on inviting people: the lane may be closed, or the next one an alarm.
function lookAround() {
  const isSilent = document.body.dataset.state === "shown" && Date.now() - heard > SILENT_MS;
  find("beat").hidden = !isSilent;
  if (isSilent) show({ message: "wait" });
}

async function begin() {
  stream?.close();
  try {
    const state = await read("/api/display/state");
    const asked = new URLSearchParams(window.location.search).get("lane");
    if (asked && asked !== state.lane_id) throw new Refused({ code: "display_not_paired" }, 403);
    heard = Date.now();
    show(state);
    turn("shown");
    follow();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    if (problem.httpCode === 403) turn("pairing");
    else {
      if (document.body.dataset.state === "loading") show({ message: "wait" });
      setTimeout(begin, AGAIN_MS);
    }
  }
}

function follow() {
  stream = new EventSource("/api/display/events");
  stream.addEventListener("message", (event) => {
    heard = Date.now();
    show(JSON.parse(event.data));
  });
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return;
    setTimeout(begin, AGAIN_MS);
  });
}

find("pairing").addEventListener("submit", async (event) => {
  event.preventDefault();
  setText(find("error"), "");
  try {
    const { lane_id } = await send("/api/display/pair", { code: find("code").value });
    window.history.replaceState(null, "", `/display?lane=${encodeURIComponent(lane_id)}`);
    await begin();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
    find("code").select();
  }
});

// Where the machine allows it, the screen does not go to sleep.
const stayAwake = () => document.visibilityState === "visible" && navigator.wakeLock?.request("screen").catch(() => null);
document.addEventListener("visibilitychange", stayAwake);
stayAwake();
setInterval(lookAround, 1000);
await begin();
