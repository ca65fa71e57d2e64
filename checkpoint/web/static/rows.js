// The rows behind a figure: a table that is searched in place and taken as a file. One part of a page, opened by figures.
import { read } from "../web/js/api.js";
import { element, find, setText } from "../web/js/elements.js";
import { celsius, duration, integer, timeOrDate } from "../web/js/format.js";
import { has, t, word } from "../web/js/labels.js";
import { searching, sift } from "../web/js/searching.js";

export { searching, sift };

const temperature = (row) => [row.temperature_c, row.recheck_c].filter((one) => one !== null).map(celsius).join(" → ") || "—";
const COLUMNS = {
  crossing: [["at", (row) => timeOrDate(row.at)], ["lane", (row, names) => names(row.lane_id)], ["name", (row) => (row.is_erased ? t("lane.erased") : row.full_name || "—")], ["document", (row) => `${word("DocumentKind", row.document_kind)} ${row.document_number_masked}`], ["category", (row) => word("TravellerCategory", row.category)], ["direction", (row) => word("Direction", row.direction)], ["temperature", temperature], ["disposition", (row) => word("Disposition", row.disposition) + (row.place_id ? ` · ${row.place_id}` : "")], ["exception", (row) => word("ExceptionCode", row.exception_code)]],
  passage: [["at", (row) => timeOrDate(row.at)], ["lane", (row, names) => names(row.lane_id)], ["reason", (row) => (has(`coverage.why_${row.reason}`) ? t(`coverage.why_${row.reason}`) : row.reason || "—")]],
};
const TOOK = ["took", (row) => (row.took_s === null ? "—" : duration(row.took_s))];
const REDIRECT = ["redirect", (row) => row.redirect_to || "—"];

function columnsOf(figure) {
  if (figure === "queue") return COLUMNS.passage;
  if (["pace", "isolation"].includes(figure)) return [...COLUMNS.crossing.slice(0, 8), TOOK];
  return ["refused", "redirected"].includes(figure) ? [...COLUMNS.crossing, REDIRECT] : COLUMNS.crossing;
}

export function rowsPart({ laneName }) {
  const again = searching(find("rows-search"), () => find("rows").children, { empty: find("no-rows") });
  const close = () => {
    if (find("rows-part").hidden) return false;
    find("rows-part").hidden = true;
    return true;
  };
  async function open(figure, laneId = "") {
    const asked = new URLSearchParams({ figure, lane_id: laneId });
    const { rows } = await read(`/api/board/rows?${asked}`);
    const columns = columnsOf(figure);
    const lane = laneId === "" ? t("board.all_lanes") : laneName(laneId);
    const count = rows.length >= 500 ? ` · ${t("board.first_rows", { count: rows.length })}` : ` · ${integer(rows.length)}`;
    setText(find("rows-title"), t("board.rows_of", { figure: t(`board.${figure}`), lane }) + count);
    find("row-columns").replaceChildren(...columns.map(([name]) => element("th", { scope: "col" }, t(`board.column_${name}`))));
    find("rows").replaceChildren(...rows.map((row) => element("tr", {}, ...columns.map(([, say]) => element("td", {}, say(row, laneName))))));
    find("rows-search").value = "";
    setText(find("no-rows"), t(rows.length ? "board.nothing_found" : "board.no_rows"));
    find("no-rows").hidden = rows.length > 0;
    find("rows-export").href = `/api/board/rows.csv?${asked}`;
    find("rows-part").hidden = false;
    again();
    if (rows.length === 0) find("no-rows").hidden = false;
    find("rows-title").focus();
    find("rows-part").scrollIntoView({ block: "nearest" });
  }
  find("rows-close").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && close()) event.preventDefault();
    if (event.key !== "F8" || find("rows-part").hidden) return;
    event.preventDefault();
    find("rows-export").click();
  });
  return { open, close };
}
