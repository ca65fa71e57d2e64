// Today's crossings: searched on the server, because a day has more rows than a page; numbers stay masked.
import { download, Refused, send } from "../web/js/api.js";
import { element, find, setText } from "../web/js/elements.js";
import { celsius, integer, timeWithSeconds } from "../web/js/format.js";
import { laneWords, t, word } from "../web/js/labels.js";

const REFRESH_MS = 10000;
let cursor = null, lanes = {}, isPaged = false;

async function guarded(work) {
  try {
    await work();
    setText(find("error"), "");
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

const asked = () => ({ query: find("query").value.trim(), figure: find("figure").value, lane_id: find("lane").value });

function line(one) {
  const temperature = [one.temperature_c, one.recheck_c].filter((value) => value !== null).map(celsius).join(" → ") || "—";
  const cells = [integer(one.sequence), timeWithSeconds(one.presented_at), laneWords(lanes[one.lane_id] ?? one.lane_id), one.is_erased ? t("lane.erased") : one.full_name || "—", `${word("DocumentKind", one.document_kind)} ${one.document_number_masked}`, word("TravellerCategory", one.category), word("Direction", one.direction), temperature, word("Disposition", one.disposition) + (one.place_id ? ` · ${one.place_id}` : ""), word("ExceptionCode", one.exception_code)];
  return element("tr", {}, ...cells.map((text) => element("td", {}, text)));
}

function show(answer, { isMore }) {
  lanes = answer.lanes;
  if (find("lane").options.length === 1) find("lane").append(...Object.entries(lanes).map(([id, label]) => element("option", { value: id }, laneWords(label))));
  cursor = answer.next;
  const rows = answer.crossings.map(line);
  if (isMore) find("crossings").append(...rows);
  else find("crossings").replaceChildren(...rows);
  const count = find("crossings").children.length;
  setText(find("count"), `${integer(count)}${cursor === null ? "" : "+"}`);
  setText(find("as-of"), t("board.as_of", { now: timeWithSeconds(answer.now) }));
  find("empty").hidden = count > 0;
  find("more").hidden = cursor === null;
}

const list = () => guarded(async () => {
  isPaged = false;
  show(await send("/api/crossings/day", asked()), { isMore: false });
});
const more = () => cursor !== null && guarded(async () => {
  isPaged = true;
  show(await send("/api/crossings/day", { ...asked(), before: cursor }), { isMore: true });
});
const save = () => guarded(() => download("/api/crossings/day.csv", { name: "crossings.csv", body: asked() }));

find("finder").addEventListener("submit", (event) => {
  event.preventDefault();
  list();
});
for (const id of ["figure", "lane"]) find(id).addEventListener("change", list);
find("more").addEventListener("click", more);
find("export").addEventListener("click", save);
document.addEventListener("keydown", (event) => {
  const act = { F8: save, F10: more }[event.key];
  if (event.key === "/" && !document.activeElement?.matches("input, select")) {
    event.preventDefault();
    find("query").focus();
  }
  if (!act || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  act();
});
await list();
// A search is written down, so only the plain list is drawn anew by itself.
setInterval(() => !isPaged && find("query").value === "" && !document.hidden && list(), REFRESH_MS);
