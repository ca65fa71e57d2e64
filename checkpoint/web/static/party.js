// The party of a lane: whose people go through it now, how many of them were screened, and the key that opens or ends it.
import { read } from "../web/js/api.js";
import { element, find } from "../web/js/elements.js";
import { time } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";
import { askCheck, askClose, askInterception } from "./party_steps.js";

const KEY = "Home";

let shown = "";
export function showParty(view) {
  const party = view.party ?? null;
  const wanted = JSON.stringify(party);
  if (wanted === shown) return;
  shown = wanted;
  const box = find("party");
  box.hidden = !party;
  box.dataset.state = party ? (party.not_screened || party.beyond_declared ? "waiting" : "good") : "none";
  if (!party) return box.replaceChildren();
  return box.replaceChildren(
    element("strong", {}, [word("PartyKind", party.kind), party.plate].filter(Boolean).join(" · ")),
    " ",
    element("span", {}, t("post_page.lane_count", party)),
    " ",
    element("kbd", { title: t("post_page.key_at_lane") }, KEY),
    ...(party.seen_before_at ? [element("p", { class: "declaration-line wait", role: "status" }, `⚑ ${t("post_page.seen_before", { at: time(party.seen_before_at) })}`)] : []),
  );
}

// One key: the party that stands here is let go, or the next one is opened as the place asks for it.
export function partyKey({ laneId, view, refresh, fail }) {
  const act = async () => {
    if (!view() || view().is_locked || document.querySelector("dialog[open]")) return;
    try {
      const party = view().party;
      if (party) askClose({ party_id: party.party_id, count: party, done: refresh });
      else await openNext({ laneId, refresh });
    } catch (problem) {
      fail(problem);
    }
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== KEY || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    act();
  });
  find("party-key").addEventListener("click", act);
  read("/api/post").then(({ profile }) => { find("party-key").hidden = !isForParties(profile?.steps ?? []); }).catch(() => undefined);
}

// Where whole vehicles come, or only people who were found: there the key stands among the others.
const isForParties = (steps) => steps.includes("route") || (steps.includes("interception") && !steps.includes("vehicle"));

async function openNext({ laneId, refresh }) {
  const { profile, lanes } = await read("/api/post");
  const steps = profile?.steps ?? [];
  if (steps.includes("route")) askCheck({ profile, lanes, laneId, done: refresh });
  else if (steps.includes("interception")) askInterception({ profile, lanes, laneId, done: refresh });
  else window.location.assign("/post");
}
