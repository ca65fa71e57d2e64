// The isolation board of a locked station: its clocks run and sound by place; nobody's name, and nothing to do but open it.
import { read, Refused } from "../web/js/api.js";
import { learnNow } from "../web/js/clocks.js";
import { element, find, setText } from "../web/js/elements.js";
import { t } from "../web/js/labels.js";
import { listen } from "./isolation_alarm.js";
import { clockLine, dueOf, STATE_TONES, stateOf, stateWords, urgencyOf } from "./isolation_clocks.js";
import { showSound, turnSound } from "./sound.js";
import { lockSession } from "./station_lock.js";
import { comeBackTo, isLocking, laneOfStation } from "./station_windows.js";

const BOARD = "/isolation", REFRESH_MS = 5000, LISTEN_MS = 1000;
let people = [];

async function refresh() {
  try {
    const room = await read("/api/isolation/veiled");
    if (!room.is_locked && !isLocking()) return window.location.replace(BOARD);
    learnNow(room.now);
    people = room.people;
    setText(find("occupied"), t("isolation_room.occupied", { taken: people.filter((one) => one.place_id).length, places: room.places }));
    setText(find("as-of"), t("isolation_room.as_of", { seen_at: room.now }));
    setText(find("error"), "");
    draw();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
  return undefined;
}

function draw() {
  listen(people);
  const cards = [...people].sort((a, b) => dueOf(a) - dueOf(b)).map(card);
  find("people").replaceChildren(...(cards.length ? cards : [element("li", { class: "empty" }, t("isolation_room.nobody_here"))]));
}

function card(person) {
  const state = element("span", { class: "chip", "data-tone": STATE_TONES[stateOf(person)] ?? "stop" }, stateWords(person));
  const clocks = [...person.clocks].sort((a, b) => new Date(a.due_at) - new Date(b.due_at));
  return element("li", { class: "card place", "data-urgency": urgencyOf(person) }, element("h3", {}, person.place_id || t("isolation_room.without_place"), " ", state), element("ul", { class: "clocks" }, ...clocks.map(clockLine)));
}

// An officer opens it at the lane with badge and PIN; a role without a PIN signs in anew.
function open() {
  comeBackTo(BOARD);
  const lane = laneOfStation();
  window.location.assign(document.body.dataset.role === "officer" ? (lane ? `/lanes/${lane}` : "/lanes") : `/sign-in?next=${BOARD}`);
}

document.addEventListener("keydown", (event) => {
  if (event.key === "F8") turnSound();
  else if (event.key === "Enter" && !event.target.closest("a, button")) open();
  else return;
  event.preventDefault();
});
find("open").addEventListener("click", open);
find("sound").addEventListener("click", turnSound);
showSound();
if (isLocking()) await lockSession({ hide: () => {} });
await refresh();
setInterval(refresh, REFRESH_MS);
setInterval(draw, LISTEN_MS);
