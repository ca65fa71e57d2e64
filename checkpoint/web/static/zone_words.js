// What the zone of a document says about itself: the fields a digit speaks against, and what its issuer does otherwise.
import { t, word } from "../web/js/labels.js";

const AGAINST = ["invalid", "deviant", "odd"], PROVEN = ["verified", "covered"];

// verdicts: [{field, state}], deviations: [{name}]. words: one line; isAgainst: something is to be compared.
export function zoneWords(verdicts, deviations, proven = verdicts.filter((one) => PROVEN.includes(one.state)).length) {
  const against = verdicts.filter((one) => AGAINST.includes(one.state)).map((one) => `${word("ZoneField", one.field)}: ${word("FieldState", one.state)}`);
  const known = deviations.map((one) => word("DeviationName", one.name));
  return { words: [...against, ...known].join(" · ") || t("lane.zone_holds", { count: proven }), isAgainst: against.length > 0 };
}
