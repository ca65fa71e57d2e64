// Entering a pass or a child: one dialog on the register's page and at the lane.
import { Refused, send } from "../web/js/api.js";
import { ask, inputField, momentField, selectField } from "../web/js/dialogs.js";
import { t, word } from "../web/js/labels.js";
import { isoDay } from "../web/js/moments.js";

const choices = (section, slugs) => slugs.map((slug) => [slug, word(section, slug)]);
const SEXES = ["unspecified", "female", "male"];
const REGIMES = ["china", "laos", "cambodia"];

// 01/05/1988, 1.5.1988 or 01051988 as 1988-05-01; a day that does not exist is refused here.
export function dayOf(text) {
  const iso = isoDay(text);
  if (!iso) throw new Refused({ detail_key: "look.wrong_day", code: "bad_date" }, 422);
  return iso;
}

const dayField = (name, more = {}) => momentField({ name, label: t(`register_page.${name === "date_of_birth" ? "born_on" : name}`), kind: "day", ...more });

export function askRegister({ laneId = null, shownNumber = "", replaces = null, done }) {
  const holderId = crypto.randomUUID();
  ask({
    title: [t("register_page.register"), shownNumber].filter(Boolean).join(" · "),
    fields: [
      ...(laneId ? [] : [inputField({ name: "pass_number", label: t("register_page.pass_number"), required: true, maxlength: 60, autofocus: true })]),
      inputField({ name: "full_name", label: t("register_page.full_name"), required: true, maxlength: 200, autofocus: Boolean(laneId) }),
      dayField("date_of_birth"),
      inputField({ name: "commune", label: t("register_page.commune"), maxlength: 200 }),
      selectField({ name: "sex", label: t("register_page.sex"), choices: choices("Sex", SEXES), chosen: "unspecified" }),
      selectField({ name: "regime", label: t("register_page.regime"), choices: choices("PassRegime", REGIMES), chosen: "china" }),
      dayField("issued_on"),
      dayField("expires_on"),
      inputField({ name: "scope", label: t("register_page.scope"), maxlength: 200 }),
    ],
    submitKey: "register_page.save",
    submit: async ({ date_of_birth, issued_on, expires_on, ...fields }) => {
      const days = { date_of_birth: date_of_birth || null, issued_on: issued_on || null, expires_on: expires_on || null };
      const answer = await send("/api/register/holders", { holder_id: holderId, lane_id: laneId, replaces_holder_id: replaces, ...fields, ...days });
      await done(answer, fields.full_name);
    },
  });
}

export function askChild({ holderId, done }) {
  const childId = crypto.randomUUID();
  ask({
    title: t("register_page.add_child"),
    fields: [
      inputField({ name: "full_name", label: t("register_page.full_name"), required: true, maxlength: 200, autofocus: true }),
      dayField("date_of_birth", { required: true }),
      selectField({ name: "sex", label: t("register_page.sex"), choices: choices("Sex", SEXES), chosen: "unspecified" }),
    ],
    submitKey: "register_page.save",
    submit: async ({ full_name, date_of_birth, sex }) => {
      await send(`/api/register/holders/${holderId}/children`, { child_id: childId, full_name, sex, date_of_birth });
      await done(full_name);
    },
  });
}
