// Who comes with the person in the lane: the children on the pass, called one by one and each measured by itself, and
// everybody of the same pass, group, vehicle or party with how far they have got.
import { read, send } from "../web/js/api.js";
import { ask, radioField } from "../web/js/dialogs.js";
import { element } from "../web/js/elements.js";
import { date, time } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";
import { isFree } from "./vehicle.js";

const KEY = "ArrowLeft";
export const CHILDREN_SIGN = "←";

const hasCompany = (view) => Boolean(view?.draft_id && (view.person?.standing?.holder_id || view.company?.group || view.company?.ride || view.party));

export function childrenButton(view) {
  if (!hasCompany(view)) return null;
  const press = () => document.dispatchEvent(new KeyboardEvent("keydown", { key: KEY }));
  return element("button", { class: "button", type: "button", onclick: press }, t("lane.key_children"), " ", element("kbd", {}, CHILDREN_SIGN));
}

export function childrenKey({ laneId, view, take, fail }) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== KEY || !isFree(event) || view()?.is_locked || !hasCompany(view())) return;
    event.preventDefault();
    askWho({ laneId, view, take, holderId: view().person?.standing?.holder_id }).catch(fail);
  });
}

async function askWho({ laneId, view, take, holderId }) {
  const { draft_id } = view();
  const [{ children }, { people }] = await Promise.all([holderId ? read(`/api/register/holders/${holderId}`) : { children: [] }, send(`/api/lanes/${laneId}/together`)]);
  const names = children.map((one) => [one.person_id, `${one.full_name} · ${date(one.date_of_birth)}`]);
  const others = people.length ? [element("ul", { class: "together", tabindex: "0", "aria-label": t("together.title") }, ...people.map(line))] : [element("p", { class: "empty" }, t("together.nobody"))];
  if (names.length === 0) {
    ask({ title: t("together.title"), fields: others });
    return;
  }
  ask({
    title: t("together.title"),
    fields: [radioField({ name: "child_id", label: t("lane.children_title"), choices: names, chosen: names[0][0] }), element("p", { class: "hint" }, t("lane.children_hint")), ...others],
    submitKey: "lane.call_child",
    submit: async ({ child_id }) => take(await send(`/api/lanes/${laneId}/child`, { draft_id, child_id })),
  });
}

function line({ full_name, document_number_masked, ways, state, presented_at, number }) {
  const who = [number ? `${number}.` : "", full_name || document_number_masked || "—"].filter(Boolean).join(" ");
  const how = [...ways.map((way) => t(`together.${way}`)), presented_at ? time(presented_at) : ""].filter(Boolean).join(" · ");
  const words = state === "not_seen" ? `○ ${t("together.not_seen")}` : `● ${word("Disposition", state)}`;
  return element("li", { "data-state": state }, element("strong", {}, who), ` ${how} `, element("span", { class: "chip", "data-tone": TONES[state] ?? "wait" }, words));
}

const TONES = { cleared: "info", refused: "stop", isolated: "stop", referred: "stop" };
