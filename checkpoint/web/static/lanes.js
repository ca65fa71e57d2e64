// Choose a lane: one big link each.
import { read } from "../web/js/api.js";
import { element, find, setText } from "../web/js/elements.js";
import { laneWords, word } from "../web/js/labels.js";

try {
  const answer = await read("/api/lanes");
  const lanes = Array.isArray(answer) ? answer : answer.lanes;
  find("lanes").replaceChildren(
    ...lanes.map((lane, index) =>
      element("li", {}, element("a", { class: "card", href: `/lanes/${lane.lane_id}`, autofocus: index === 0 }, element("p", { class: "strong" }, laneWords(lane.label)), element("p", { class: "dim" }, word("Direction", lane.direction)))),
    ),
  );
  find("lanes").querySelector("a")?.focus();
} catch (problem) {
  setText(find("error"), problem.words ?? String(problem));
}
