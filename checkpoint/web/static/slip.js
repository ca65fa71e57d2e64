// Clearance slips at the lane: the one a traveller shows, and the one that is printed for who was just cleared.
import { download, send } from "../web/js/api.js";
import { element, find } from "../web/js/elements.js";
import { placeName, t, word } from "../web/js/labels.js";
import { play } from "./sound.js";

const KEY = "End";
const line = (words, tone = "") => element("p", { class: `declaration-line ${tone}`.trim() }, words);
const small = (words) => element("p", { class: "dim small" }, words);

let shown = "";
export function showSlip(view) {
  const held = view.slip ?? null;
  const wanted = JSON.stringify(held);
  if (wanted === shown) return;
  shown = wanted;
  const box = find("slip");
  box.hidden = !held;
  box.dataset.state = held?.state ?? "none";
  if (held) box.replaceChildren(...wordsOf(held));
  if (held?.state === "refused") play("wait");
}

function wordsOf(held) {
  const from = held.gate ? [small(t("slip.lane_from", { gate: placeName(held.gate_names ?? held.gate), direction: word("Direction", held.direction), cleared_at: held.cleared_at, expires_at: held.valid_until }))] : [];
  if (from.length && held.temperature_c) from.push(small(t("slip.lane_measured", { temperature_c: held.temperature_c, cleared_at: held.cleared_at })));
  const drill = held.is_exercise ? [line(t("slip.exercise"), "wait")] : [];
  if (held.state === "refused") return [line(`⚑ ${t("slip.lane_refused")}: ${t(`refusal.${held.fault}`)}`, "stop"), element("p", { class: "strong" }, t(`refusal.${held.fault}_do`)), ...from];
  if (held.state === "waiting") return [...drill, line(t("slip.lane_waiting")), ...from];
  const whose = held.is_age_unknown ? [line(t("slip.lane_whose"), "wait")] : [];
  return [...drill, line(`✓ ${t("slip.lane_good")}`), ...whose, small(t(wordOf(held))), ...from];
}

function wordOf(held) {
  if (held.is_proof_of_passage) return "slip.lane_proof";
  return held.direction === "exit" ? "slip.lane_left" : "slip.lane_still";
}

let shownPrint = "";
export function showPrinting(view, { act }) {
  const printing = view.printing ?? null;
  const wanted = JSON.stringify(printing);
  if (wanted === shownPrint) return;
  shownPrint = wanted;
  const place = find("printing");
  place.hidden = !printing;
  place.dataset.state = printing?.state ?? "none";
  if (!printing) return place.replaceChildren();
  const key = printing.printer === "pdf" ? "print_pdf" : printing.state === "offered" ? "print_offered" : "print_again";
  const button = element("button", { type: "button", class: "quiet", onclick: act }, element("span", {}, t(`slip.${key}`)), " ", element("kbd", {}, KEY));
  return place.replaceChildren(...told(printing), button);
}

function told({ state, fault, address }) {
  if (state === "offered") return [];
  if (state !== "failed") return [element("span", { role: "status" }, t(`slip.print_${state}`))];
  const where = address ? ` (${t("slip.print_where", { address })})` : "";
  return [element("span", { role: "alert" }, `${t("slip.print_failed")}${where}. ${t(`refusal.${fault}`)}. ${t(`refusal.${fault}_do`)}.`)];
}

// The key prints, prints again, or downloads: whatever the button beside it says.
export function slipAct({ laneId, view, take, fail }) {
  const act = async () => {
    const printing = view()?.printing;
    if (!printing) return;
    const body = { crossing_id: printing.crossing_id };
    try {
      if (printing.printer === "pdf") await download(`/api/lanes/${laneId}/slip.pdf`, { name: "slip.pdf", body });
      else take(await send(`/api/lanes/${laneId}/slip`, body));
    } catch (problem) {
      fail(problem);
    }
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== KEY || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || document.querySelector("dialog[open]")) return;
    if (!view()?.printing) return;
    event.preventDefault();
    act();
  });
  return act;
}
