// With whom people come: the group at this lane as "seen N of M", the person's place in it, and their vehicle.
import { send } from "../web/js/api.js";
import { ask, radioField } from "../web/js/dialogs.js";
import { element, find } from "../web/js/elements.js";
import { time } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";
import { isFree, SIGN } from "./vehicle.js";

const KEY = "ArrowRight";
const button = (words, sign, act) => element("button", { class: "button", type: "button", onclick: act }, element("span", {}, words), " ", element("kbd", {}, sign));

let shown = "";
export function showCompany(view, { actOnGroup, actOnVehicle }) {
  const { group = null, mark = null, ride = null } = view.company ?? {};
  const hasPerson = Boolean(view.draft_id);
  const wanted = JSON.stringify([group, mark, ride, hasPerson]);
  if (wanted === shown) return;
  shown = wanted;
  const box = find("company");
  box.hidden = !group && !hasPerson;
  box.dataset.state = !mark || mark.match ? "good" : "asks";
  box.replaceChildren(...groupLines(group, mark, actOnGroup), ...rideLines(ride, hasPerson, actOnVehicle), group || !hasPerson ? "" : button(t("groups_page.group_key"), "→", actOnGroup));
}

function groupLines(group, mark, act) {
  if (!group) return [];
  const count = t("groups_page.lane_line", { kind: word("GroupKind", group.kind), seen: group.seen, announced: group.announced });
  const unexpected = group.unexpected ? [element("p", { class: "dim small" }, t("groups_page.lane_unexpected", { count: group.unexpected }))] : [];
  return [element("p", { class: "heads-line", role: "status" }, count), ...unexpected, ...markLines(mark), button(t("groups_page.group_key"), "→", act)];
}

function markLines(mark) {
  if (!mark) return [];
  if (mark.match === "unexpected") return [element("p", { class: "declaration-line" }, `✓ ${t("groups_page.as_unexpected")}`)];
  const words = t(`GroupStanding.${mark.standing}`, { number: mark.number ?? "", numbers: mark.proposals.join(", ") });
  return [element("p", { class: mark.match ? "declaration-line" : "declaration-line wait" }, `${mark.match ? "✓" : "⚑"} ${words}`)];
}

function rideLines(ride, hasPerson, act) {
  if (!hasPerson) return [];
  const line = ride ? [element("p", {}, t("groups_page.ride_line", { kind: word("ConveyanceKind", ride.kind), plates: ride.plates, movement_today: ride.movement_today }), ride.has_come_back ? ` · ${t("groups_page.ride_back")}` : "")] : [];
  return [...line, button(t("groups_page.vehicle_key"), SIGN, act)];
}

// The key says who this person is in the group; with nobody in the lane it chooses the group that stands here.
export function groupAct({ laneId, view, take, fail }) {
  const call = async (name, body) => take(await send(`/api/lanes/${laneId}/${name}`, body));
  const act = () => {
    const mark = view()?.company?.mark;
    const asks = view()?.draft_id && mark && !mark.match && mark.standing !== "seen_before";
    (asks ? askWho : askGroup)().catch(fail);
  };
  async function askWho() {
    const { draft_id, company } = view();
    const { mark } = company;
    ask({
      title: t("groups_page.who_is_it"),
      fields: [radioField({ name: "who", label: t("groups_page.who_is_it"), choices: [...mark.proposals.map((number) => [`${number}`, t("groups_page.as_number", { number })]), ["unexpected", t("groups_page.as_unexpected")], ["nobody", t("groups_page.as_nobody")]], chosen: mark.proposals.length ? `${mark.proposals[0]}` : "unexpected" })],
      submitKey: "groups_page.save",
      submit: async ({ who }) => {
        if (who !== "nobody") await call("group-member", { draft_id, number: who === "unexpected" ? null : Number(who) });
      },
    });
  }
  async function askGroup() {
    const { groups } = await send("/api/groups/list", {});
    const open = groups.filter((one) => !one.closed_at || one.missing > 0).slice(0, 20);
    const names = open.map((one) => [one.group_id, `${word("GroupKind", one.kind)} · ${[one.operator, one.guide].filter(Boolean).join(" · ")} · ${one.seen} / ${one.announced} · ${time(one.opened_at)}`]);
    ask({
      title: t("groups_page.choose_group"),
      fields: [radioField({ name: "group_id", label: t("groups_page.choose_group"), choices: [...names, ["", t("groups_page.no_group")]], chosen: view().company?.group?.group_id ?? names[0]?.[0] ?? "" })],
      submitKey: "groups_page.save",
      submit: ({ group_id }) => call("group", { group_id: group_id || null }),
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== KEY || !isFree(event) || view() === null || view().is_locked) return;
    event.preventDefault();
    act();
  });
  return act;
}
