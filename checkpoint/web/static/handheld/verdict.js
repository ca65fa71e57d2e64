// What a handheld shows by itself. It is the edge that decides; this is never milder: a raised reading is always a stop,
// and a site without a limit of its own is held against the lowest of all.
const LOWEST_LIVING_C = 25, HIGHEST_LIVING_C = 45;
const OF_CONSEQUENCE = { note: ["cleared", "go"], wait: ["wait", "wait"], refuse: ["refused", "stop"], recheck: ["recheck", "stop"], refer: ["referred", "stop"] };

// "38,1" and "38.1" alike; null for what is no number.
export function temperatureIn(text) {
  const plain = text.trim().replace(",", ".");
  return /^\d{2}(\.\d{1,2})?$/.test(plain) ? Number(plain) : null;
}

// Whole years; null for what is none.
export const ageIn = (text) => (/^\d{1,2}$/.test(text.trim()) ? Number(text) : null);

const GRAVITY = ["note", "wait", "refuse", "recheck", "refer"];

// The gravest thing that the rules make of what was answered; a recheck is done where a clinical thermometer has measured.
function ofAnswers(bundle, { device_kind, temperature_c = null, symptoms = [], exposures = [], place_answers = [], visited_areas = [] }) {
  const met = [
    ...(bundle.triage ?? []).filter((rule) => symptoms.length && (!rule.from_risk_area || visited_areas.length) && (!rule.any_symptom_of.length || rule.any_symptom_of.some((one) => symptoms.includes(one)))),
    ...(bundle.contacts ?? []).filter((rule) => rule.exposures.some((one) => exposures.includes(one))),
    ...(bundle.places ?? []).filter((rule) => place_answers.some((one) => one.place === rule.place && one.was_there)),
  ].map((rule) => GRAVITY.indexOf(rule.consequence));
  const gravest = GRAVITY[Math.max(...met, -1)] ?? "note";
  return gravest === "recheck" && device_kind === "clinical_thermometer" && temperature_c !== null ? "note" : gravest;
}

// {outcome, tone, key, limit_c, isKeepable}: key names the sentence in the labels. What was answered can only make it graver.
export function provisional(bundle, given) {
  const measured = ofReading(bundle, given), gravest = ofAnswers(bundle, given);
  if (measured.tone === "go" && !given.exception_code && (bundle.places ?? []).some((rule) => !(given.place_answers ?? []).some((one) => one.place === rule.place))) return { ...measured, outcome: "wait", tone: "wait", key: "places", isKeepable: false };
  if (measured.tone === "stop" || !["refuse", "recheck", "refer"].includes(gravest)) return measured;
  const [outcome, tone] = OF_CONSEQUENCE[gravest];
  return { ...measured, outcome, tone, key: `answers_${gravest}` };
}

// What holds for small children holds for no age that nobody knows.
const isHeld = (rule, { is_fallback_tried, age_years }) => (!rule.asks_fallback || is_fallback_tried) && (rule.max_age_years == null || (age_years !== null && age_years <= rule.max_age_years));

function ofReading(bundle, { device_kind, site, temperature_c = null, exception_code = null, is_fallback_tried = false, age_years = null }) {
  if (exception_code) {
    const rule = bundle.exceptions.find((one) => one.code === exception_code);
    const [outcome, tone] = (rule && isHeld(rule, { is_fallback_tried, age_years }) && OF_CONSEQUENCE[rule.consequence]) || OF_CONSEQUENCE.wait;
    return { outcome, tone, key: `excepted_${tone}`, limit_c: null, isKeepable: outcome !== "wait" };
  }
  if (temperature_c === null) return { outcome: "wait", tone: "wait", key: "not_measured", limit_c: null, isKeepable: false };
  const own = bundle.limits.find((one) => one.device_kind === device_kind && one.site === site);
  const limit_c = own?.stop_at_or_above_c ?? Math.min(...bundle.limits.map((one) => one.stop_at_or_above_c));
  if (!(temperature_c < limit_c)) {
    const isFever = device_kind === "clinical_thermometer";
    return { outcome: isFever ? "referred" : "recheck", tone: "stop", key: isFever ? "fever" : "raised", limit_c, isKeepable: temperature_c <= HIGHEST_LIVING_C };
  }
  if (temperature_c < LOWEST_LIVING_C) return { outcome: "wait", tone: "wait", key: "implausible", limit_c, isKeepable: false };
  if (!own) return { outcome: "wait", tone: "wait", key: "no_limit", limit_c, isKeepable: false };
  return { outcome: "cleared", tone: "go", key: "within", limit_c, isKeepable: true };
}
