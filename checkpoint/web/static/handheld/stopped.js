// Who was stopped by a raised reading: they stay on the screen, also after a restart, until a clinical thermometer has spoken
// here, or the edge has the alarm and somebody there has taken over.
import { element, find, setText } from "../../web/js/elements.js";
import { celsius } from "../../web/js/format.js";
import { t, word } from "../../web/js/labels.js";
import { play } from "../sound.js";
import { newAct } from "./acts.js";
import { keepAct, put, read } from "./vault.js";
import { provisional, temperatureIn } from "./verdict.js";

let drawn = "";
const stopped = async () => (await read("marks", "stopped")) ?? [];
export const noteStopped = async (one) => put("marks", "stopped", [...(await stopped()), one]);

async function takeOff(act_id) {
  await put("marks", "stopped", (await stopped()).filter((one) => one.act_id !== act_id));
  drawn = "";
}

// changed(): called when something was kept or taken off. What is being typed is not drawn over.
export async function drawStopped({ bundle, changed }) {
  const people = await stopped();
  const atEdge = await Promise.all(people.map(async (one) => Boolean((await read("receipts", one.act_id))?.sequence)));
  const now = JSON.stringify([people, atEdge, bundle?.stamp]);
  if (now === drawn) return;
  drawn = now;
  find("stopped").hidden = !people.length;
  find("stopped-list").replaceChildren(...people.map((one, place) => row(one, { bundle, changed, isAtEdge: atEdge[place] })));
}

function row(one, { bundle, changed, isAtEdge }) {
  const input = element("input", { type: "text", inputmode: "decimal", autocomplete: "off", placeholder: "37,0", "aria-label": t("handheld.recheck_value", { who: one.hint }) });
  const sites = bundle.limits.filter((limit) => limit.device_kind === "clinical_thermometer");
  const select = element("select", { "aria-label": t("handheld.recheck_site") }, ...sites.map((limit) => element("option", { value: limit.site }, word("MeasuringSite", limit.site))));
  const error = element("p", { class: "error-line", role: "alert" });
  const leave = isAtEdge ? element("button", { type: "button", class: "button", onclick: () => takeOff(one.act_id).then(changed) }, t("handheld.handed_over")) : null;
  const form = element("form", {}, element("p", { class: "strong" }, `${one.hint} · ${celsius(one.temperature_c)}`), element("div", { class: "row" }, input, select), element("div", { class: "row" }, element("button", { type: "submit", class: "button primary" }, t("handheld.recheck")), leave), error);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = saidOf(bundle, input.value, select.value);
    if (!said?.isKeepable) return setText(error, t("handheld.lacks_temperature"));
    const act = await newAct({ kind: "recheck", rechecked_id: one.act_id, temperature_c: temperatureIn(input.value), device_kind: "clinical_thermometer", site: select.value, provisional_outcome: said.outcome });
    await keepAct(await read("device", "this"), act, { kind: "recheck", outcome: said.outcome, hint: one.hint, kept_ms: Date.now() });
    play(said.tone);
    await takeOff(one.act_id);
    await changed();
  });
  return element("li", { "data-act": one.act_id }, form);
}

function saidOf(bundle, text, site) {
  const temperature_c = temperatureIn(text);
  return temperature_c === null ? null : provisional(bundle, { device_kind: "clinical_thermometer", site, temperature_c });
}
