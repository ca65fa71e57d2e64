// What an officer does with a party, asked in one dialog each: a vehicle at a post, people found outside a gate.
import { send } from "../web/js/api.js";
import { ask, checkField, inputField, momentField, radioField, selectField, textField } from "../web/js/dialogs.js";
import { element } from "../web/js/elements.js";
import { placeName, t, word } from "../web/js/labels.js";

const FINDERS = ["border_guard", "police", "military", "coast_guard", "customs", "militia", "health", "resident"];
const LOOKS = ["not_looked", "no_signs", "signs_seen"];
const REASONS = ["left_before", "turned_back", "counted_wrong", "handed_to_police", "taken_to_hospital", "screened_elsewhere"];
const choices = (section, slugs) => slugs.map((slug) => [slug, word(section, slug)]);
const MINUTES_7_HOURS = 7 * 60;

// The instant as the field wants it, in the time of Viet Nam whatever the workstation's zone.
const localNow = () => new Date(Date.now() + MINUTES_7_HOURS * 60_000).toISOString().slice(0, 16);
const laneField = (lanes, chosen) => selectField({ name: "lane_id", label: t("post_page.lane"), choices: Object.entries(lanes), chosen });
const numberField = (name, label, content = "") => inputField({ name, label, type: "number", min: 1, max: 5000, required: true, inputmode: "numeric", value: content });
const wordsField = (name, key, more = {}) => inputField({ name, label: t(`post_page.${key}`), maxlength: 200, ...more });

export function askCheck({ profile, lanes, laneId, done }) {
  const party_id = crypto.randomUUID();
  return ask({
    title: t("post_page.new_check"),
    fields: [
      inputField({ name: "plate", label: t("post_page.plate"), maxlength: 30, minlength: 3, required: true, autofocus: true, autocapitalize: "characters" }),
      numberField("declared", t("post_page.declared")),
      radioField({ name: "vehicle", label: t("post_page.vehicle"), choices: choices("ConveyanceKind", profile.conveyances), chosen: profile.conveyances.includes("car") ? "car" : profile.conveyances[0] }),
      radioField({ name: "direction", label: t("post_page.direction"), choices: choices("Direction", profile.directions), chosen: profile.directions[0] }),
      wordsField("route_from", "route_from"),
      wordsField("route_to", "route_to"),
      wordsField("route_over", "route_over"),
      wordsField("driver", "driver"),
      wordsField("seal_number", "seal_number"),
      laneField(lanes, laneId),
    ],
    submitKey: "post_page.open_check",
    submit: async ({ declared, ...fields }) => {
      await send("/api/post/checks", { party_id, declared: Number(declared), ...fields });
      await done();
    },
  });
}

export function askInterception({ profile, lanes, laneId, done }) {
  const party_id = crypto.randomUUID();
  const places = Object.entries(profile.places).map(([id, names]) => [id, placeName(names)]);
  return ask({
    title: t("post_page.new_interception"),
    fields: [
      selectField({ name: "place_id", label: t("post_page.place"), choices: places, chosen: places[0]?.[0], autofocus: true }),
      momentField({ name: "found_at", label: t("post_page.found_at"), kind: "instant", required: true, value: localNow(), latest: localNow() }),
      numberField("persons", t("post_page.persons")),
      selectField({ name: "finder", label: t("post_page.finder"), choices: choices("FinderUnit", FINDERS), chosen: "border_guard" }),
      radioField({ name: "direction", label: t("post_page.direction"), choices: choices("Direction", ["entry", "exit"]), chosen: "entry" }),
      radioField({ name: "first_look", label: t("post_page.first_look"), choices: choices("FirstLook", LOOKS), chosen: "not_looked" }),
      wordsField("spot", "spot"),
      wordsField("finder_name", "finder_name"),
      textField({ name: "notes", label: t("post_page.notes"), maxlength: 200 }),
      laneField(lanes, laneId),
    ],
    submitKey: "post_page.report",
    submit: async ({ persons, found_at, ...fields }) => {
      await send("/api/post/interceptions", { party_id, persons: Number(persons), found_at: `${found_at}:00+07:00`, ...fields });
      await done();
    },
  });
}

export function askRecount({ party_id, declared, done }) {
  return ask({
    title: t("post_page.recount"),
    fields: [numberField("declared", t("post_page.declared"), declared)],
    submitKey: "post_page.save",
    submit: async (fields) => {
      await send(`/api/post/parties/${party_id}/recount`, { declared: Number(fields.declared) });
      await done();
    },
  });
}

export const countWords = (count) => t("post_page.count", count);

export function askClose({ party_id, count, done }) {
  const isShort = count.not_screened > 0;
  const left = isShort ? [element("p", { class: "strong" }, t("post_page.left", { count: count.not_screened })), checkField({ name: "reasons", label: t("post_page.reasons"), choices: choices("DifferenceReason", REASONS) })] : [];
  return ask({
    title: t("post_page.close_title"),
    fields: [element("p", {}, countWords(count)), ...left],
    submitKey: "post_page.close",
    submit: async (_fields, form) => {
      await send(`/api/post/parties/${party_id}/close`, { reasons: form.getAll("reasons") });
      await done();
    },
  });
}
