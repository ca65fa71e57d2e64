// The screens that face the travellers: which are paired, a code for a new one, and unpairing one that is gone.
import { read, Refused, send } from "../web/js/api.js";
import { element, find, setText } from "../web/js/elements.js";
import { dateTime, timeWithSeconds } from "../web/js/format.js";
import { laneWords, t } from "../web/js/labels.js";

let lanes = [];
const laneName = (laneId) => laneWords(lanes.find((lane) => lane.lane_id === laneId)?.label ?? laneId);

async function guarded(work) {
  setText(find("screens-error"), "");
  try {
    await work();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("screens-error"), problem.words);
  }
}

async function refresh() {
  const answer = await read("/api/displays");
  lanes = answer.lanes;
  if (!find("screen-lane").options.length) find("screen-lane").append(...lanes.map((lane) => element("option", { value: lane.lane_id }, laneWords(lane.label))));
  find("screens").replaceChildren(...(answer.screens.length ? answer.screens.map(line) : [element("li", { class: "dim" }, t("devices_page.displays_none"))]));
}

function line(screen) {
  const words = t("devices_page.display_line", { lane: laneName(screen.lane_id), by: screen.paired_by }).replace("{paired_at}", dateTime(screen.paired_at));
  const forget = () => guarded(async () => {
    await send(`/api/displays/${screen.display_id}/forget`);
    setText(find("screens-told"), t("devices_page.display_forgotten"));
    await refresh();
  });
  return element("li", { class: "row" }, element("span", {}, words), element("button", { class: "button", type: "button", "aria-label": `${t("devices_page.display_forget")}: ${words}`, onclick: forget }, t("devices_page.display_forget")));
}

const makeCode = () => guarded(async () => {
  const made = await send(`/api/lanes/${find("screen-lane").value}/display-code`);
  const code = `${made.code.slice(0, 4)} ${made.code.slice(4)}`;
  setText(find("screens-told"), t("devices_page.display_code_made", { lane: laneName(made.lane_id), code }).replace("{expires_at}", timeWithSeconds(made.expires_at)));
  setText(find("screens-how"), t("devices_page.display_how", { address: `${window.location.origin}/display?lane=${encodeURIComponent(made.lane_id)}` }));
});

if (find("screens")) {
  find("screen-code").addEventListener("click", makeCode);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "F2" || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    makeCode();
  });
  await guarded(refresh);
}
