// The timeline of a drill, live for who leads it: rows change in place, nothing moves under the finger.
import { read, Refused } from "../web/js/api.js";
import { element, find, setText } from "../web/js/elements.js";
import { plain } from "../web/js/format.js";
import { t } from "../web/js/labels.js";

const LOOK_EVERY_MS = 2000, STATE_COLUMN = 7;
let shown = null;

const points = (number) => new Intl.NumberFormat(document.documentElement.dataset.language).format(number);

function draw() {
  setText(find("title"), shown.title);
  setText(find("story"), shown.story);
  setText(find("standing"), t(`drill.${shown.standing}`));
  setText(find("score"), t("drill.score", { points: points(shown.points), possible: points(shown.possible) }));
  find("columns").replaceChildren(...shown.columns.map((name) => element("th", { scope: "col" }, name)));
  const wanted = plain(find("find").value), onlyOpen = find("only-open").checked;
  const rows = shown.rows.filter((row) => (!onlyOpen || row.state === "waiting") && plain(row.cells.join(" ")).includes(wanted));
  find("rows").replaceChildren(...rows.map(line));
  find("empty").hidden = rows.length > 0;
  find("said-part").hidden = shown.said.length === 0;
  find("said").replaceChildren(...shown.said.map((sentence) => element("li", {}, sentence)));
}

function line(row) {
  const cells = row.cells.map((text, place) => element("td", { class: place === STATE_COLUMN ? "state" : null }, text));
  return element("tr", { "data-state": row.state }, ...cells);
}

async function refresh() {
  try {
    shown = await read("/api/drill");
    setText(find("error"), "");
    draw();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

find("find").addEventListener("input", () => shown && draw());
find("only-open").addEventListener("change", () => shown && draw());
document.addEventListener("keydown", (event) => {
  const button = document.querySelector(`[data-key="${event.key}"]`);
  if (event.key === "F4") find("only-open").click();
  else if (event.key === "/" && document.activeElement !== find("find")) find("find").focus();
  else if (button) button.click();
  else return;
  event.preventDefault();
});
await refresh();
setInterval(refresh, LOOK_EVERY_MS);
