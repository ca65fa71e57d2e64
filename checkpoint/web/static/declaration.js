// The declaration at the lane: waiting for its person, taken, or not to be used; what does not agree is asked about.
import { ask, radioField, textField } from "../web/js/dialogs.js";
import { element, find } from "../web/js/elements.js";
import { celsius, date } from "../web/js/format.js";
import { has, t, word } from "../web/js/labels.js";
import { Refused, send } from "../web/js/api.js";

const KEY = "Insert";
const RESOLUTIONS = ["explained", "corrected", "unresolved"];

export const placeOf = (area) => (has(`declaration.area_${area}`) ? t(`declaration.area_${area}`) : area);

let shown = "";
export function showDeclaration(view, { act }) {
  const held = view.declaration ?? null, person = view.person;
  const wanted = JSON.stringify([held, Boolean(person), person?.has_declaration]);
  if (wanted === shown) return;
  shown = wanted;
  const box = find("declaration");
  box.hidden = !held && !(person && !person.has_declaration);
  box.dataset.state = held?.state ?? "none";
  const button = (key) => element("button", { class: "button", type: "button", onclick: act }, element("span", {}, t(key)), " ", element("kbd", {}, "Ins"));
  if (!held) box.replaceChildren(button("declaration.lane_enter"));
  else if (held.state === "waiting") box.replaceChildren(element("p", { class: "declaration-line" }, t("declaration.lane_waiting", { name: held.full_name })));
  else if (held.state === "refused") box.replaceChildren(element("p", { class: "declaration-line wait" }, t(`refusal.${held.fault}`)), element("p", { class: "dim small" }, t(`refusal.${held.fault}_do`)), button("declaration.lane_key"));
  else box.replaceChildren(element("p", { class: "declaration-line" }, t("declaration.lane_taken", { expires_at: held.expires_at })), ...doubtsOf(held, button));
}

function doubtsOf(held, button) {
  if (held.doubts.length === 0) return [];
  const lines = held.doubts.map((doubt) => element("li", {}, element("b", {}, t(`declaration.flag_${doubt.flag}`)), beside(doubt)));
  const foot = held.is_checked ? element("p", { class: "dim" }, `✓ ${t("declaration.lane_asked")}`) : button("declaration.lane_asked");
  return [element("p", { class: "declaration-line wait" }, `⚑ ${t("declaration.lane_doubt")}`), element("ul", { class: "doubts" }, ...lines), foot];
}

function beside({ flag, declared, known }) {
  const parts = [declared && `${t("declaration.lane_declared")}: ${inWords(flag, declared)}`, known && `${t("declaration.lane_known")}: ${inWords(flag, known)}`];
  const words = parts.filter(Boolean).join(" · ");
  return words ? ` ${words}` : "";
}

function inWords(flag, text) {
  if (flag === "no_fever_but_raised") return celsius(Number(text));
  if (flag === "sex_differs") return word("Sex", text);
  if (flag === "direction_differs") return word("Direction", text);
  if (flag === "crossing_day_differs" || flag === "no_area_but_crossed") return text.split(",").map((day) => date(day)).join(", ");
  if (flag === "nationality_differs" && has(`declaration.nationality_${text}`)) return t(`declaration.nationality_${text}`);
  return text;
}

// What the key means now: ask, choose what to do with one that may not be used, or fill one in for the traveller.
export function declarationAct({ laneId, view, take, fail }) {
  const call = async (name, body) => take(await send(`/api/lanes/${laneId}/${name}`, body));
  const enter = () => window.location.assign(`/lanes/${laneId}/declaration`);
  const act = () => {
    const held = view()?.declaration;
    if (held?.state === "taken" && held.doubts.length > 0 && !held.is_checked) askAbout(held, call);
    else if (held?.state === "refused" || held?.state === "waiting") askWhatToDo(held, { call, enter });
    else if (view()?.phase === "awaiting_recheck") fail(new Refused({ code: "alarm_comes_first" }, 409));
    else if (view()?.person && !held) enter();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== KEY || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    try {
      act();
    } catch (problem) {
      fail(problem);
    }
  });
  return act;
}

function askAbout(held, call) {
  ask({
    title: t("declaration.lane_ask_title"),
    fields: [
      element("ul", { class: "doubts" }, ...held.doubts.map((doubt) => element("li", {}, element("b", {}, t(`declaration.flag_${doubt.flag}`)), beside(doubt)))),
      radioField({ name: "resolution", label: t("declaration.lane_asked"), choices: RESOLUTIONS.map((slug) => [slug, t(`declaration.resolution_${slug}`)]), chosen: "explained" }),
      textField({ name: "words", label: t("declaration.lane_words") }),
    ],
    submitKey: "lane.save",
    submit: ({ resolution, words }) => call("declaration-asked", { declaration_id: held.declaration_id, resolution, words }),
  });
}

function askWhatToDo(held, { call, enter }) {
  ask({
    title: held.fault ? t(`refusal.${held.fault}`) : t("declaration.lane_key"),
    fields: [radioField({ name: "what", label: t("lane.what_to_do"), choices: [["drop", t("declaration.lane_drop")], ["enter", t("declaration.lane_enter")]], chosen: "drop" })],
    submitKey: "lane.save",
    submit: async ({ what }) => {
      await call("declaration-set-aside", { declaration_id: held.declaration_id });
      if (what === "enter") enter();
    },
  });
}
