// What is kept here and not at the edge yet, what must be mended, and the last receipts. Nothing is called saved before the edge says so.
import { ask, inputField } from "../../web/js/dialogs.js";
import { element, find, setText } from "../../web/js/elements.js";
import { duration, timeOrDate, timeWithSeconds } from "../../web/js/format.js";
import { Refused } from "../../web/js/api.js";
import { t, word } from "../../web/js/labels.js";
import { placeAnswers, placeFields } from "../place_questions.js";
import { forgottenAt_ms } from "./practice.js";
import { isLocked } from "./taking_up.js";
import { keepAct, read, unsealed } from "./vault.js";

const MOST_SHOWN = 8;

export async function drawKept({ acts, receipts, device, isOpen, own }) {
  const lame = acts.filter((one) => one.refusal), waiting = acts.length - lame.length;
  const last = receipts.filter((one) => one.sequence).at(-1);
  const oldest_ms = Math.min(...acts.filter((one) => !one.refusal).map((one) => one.kept_ms));
  setText(find("queue-line"), waiting ? t("handheld.kept_here", { count: waiting, since: timeOrDate(oldest_ms) }) : last ? t("handheld.saved_there", { number: last.sequence }) : t("handheld.nothing_waits"));
  find("mend-part").hidden = !lame.length;
  find("mend-list").replaceChildren(...lame.map((one) => mendRow(one, { device, isOpen, own })));
  find("receipts").replaceChildren(...receipts.slice(-MOST_SHOWN).reverse().map(receiptRow));
}

function mendRow(kept, { device, isOpen, own }) {
  const why = new Refused(kept.refusal, 409).words;
  const button = element("button", { type: "button", class: "button", disabled: !isOpen, onclick: () => mend(kept, device) }, t("handheld.mend"));
  return element("li", { "data-act": kept.act_id }, element("p", { class: "strong" }, `${timeOrDate(kept.kept_ms)} · ${isOpen ? kept.hint : "••••"} · ${word("Outcome", kept.outcome)}`), element("p", { class: "error-line" }, why), element("p", { class: "small" }, ageOf(kept, own)), button);
}

// For how long it waits, and until when the person's part lies here; while the edge does not have it, it lies here without an end.
function ageOf(kept, own) {
  const until_ms = forgottenAt_ms(kept, own), age = duration((Date.now() - kept.kept_ms) / 1000);
  return until_ms === null ? t("handheld.mend_age", { age }) : t("handheld.mend_age_until", { age, until: timeOrDate(until_ms) });
}

function receiptRow(one) {
  const at = timeWithSeconds(one.kept_ms);
  const fate = { accepted: "receipt_saved", known: "receipt_saved", held: "receipt_held", set_aside: "receipt_set_aside", refused: "receipt_to_mend" }[one.disposition];
  const line = t(`handheld.${fate}`, { number: one.sequence ?? 0, outcome: word("Outcome", one.outcome) });
  const more = [one.is_different ? t("handheld.receipt_different", { shown: word("Outcome", one.provisional), decided: word("Outcome", one.outcome) }) : null, one.place_id ? t("handheld.receipt_place", { place: one.place_id }) : null, one.clock === "unsure" ? t("handheld.receipt_clock") : null];
  return element("li", { "data-act": one.act_id, "data-tone": one.is_different || one.outcome === "recheck" || one.outcome === "referred" ? "stop" : "go" }, `${at} · ${line}`, ...more.filter(Boolean).map((text) => element("strong", { class: "receipt-more" }, text)));
}

// The texts of the documents may be put right here; the temperature and the time may not.
async function mend(kept, device) {
  const act = await unsealed(device, kept), { places = [] } = (await read("marks", "bundle")) ?? {};
  ask({
    title: t("handheld.mend_title"),
    fields: [
      element("p", { class: "error-line" }, new Refused(kept.refusal, 409).words),
      inputField({ name: "text", label: t("handheld.document"), value: act.scans?.[0] ?? "", autofocus: true, maxlength: 2000 }),
      element("label", { class: "choice" }, element("input", { type: "checkbox", name: "declared", checked: act.has_declaration }), t("handheld.declared")),
      ...placeFields(places, act.place_answers),
    ],
    submitKey: "handheld.mend_send",
    submit: async ({ text, declared }, form) => {
      if (isLocked()) throw new Refused({ code: "station_locked" }, 423);
      const scans = [text.trim(), ...(act.scans ?? []).slice(1)].filter(Boolean);
      const { kind, outcome, kept_ms } = kept;
      const asked = placeAnswers(places, form), place_answers = asked.length ? { place_answers: asked } : {};
      await keepAct(device, { ...act, scans, has_declaration: declared === "on", ...place_answers }, { kind, outcome, kept_ms, hint: `••••${scans[0]?.slice(-4) ?? ""}` });
      find("kept").dispatchEvent(new CustomEvent("mended"));
    },
  });
}
