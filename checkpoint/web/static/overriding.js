// Setting a verdict aside: only what the policy lets somebody set aside, with a coded reason and who decides.
import { send } from "../web/js/api.js";
import { ask, inputField, radioField, textField } from "../web/js/dialogs.js";
import { element } from "../web/js/elements.js";
import { t, word } from "../web/js/labels.js";

const KEY = "ArrowUp";
export const KEY_SIGN = "↑";

export const canOverride = (view) => (view.override_choices ?? []).length > 0;
export const overrideOffer = (view, run) => (canOverride(view) ? [[KEY_SIGN, t("override.key"), run]] : []);

export function askOverride({ laneId, view, take }) {
  const { override_choices: choices = [], draft_id } = view();
  if (choices.length === 0) return;
  const codes = [...new Set(choices.flatMap((one) => one.codes))];
  const roles = [...new Set(choices.flatMap((one) => one.roles))].map((role) => word("Role", role)).join(", ");
  const reasons = [...new Set(choices.map((one) => one.reason_code))].map((code) => word("OverriddenReason", code)).join(", ");
  ask({
    title: t("override.title"),
    fields: [
      element("p", {}, t("override.what", { reasons })),
      element("p", { class: "hint" }, t("override.measured_anyway")),
      radioField({ name: "code", label: t("override.code"), choices: codes.map((code) => [code, word("OverrideReason", code)]) }),
      textField({ name: "reason", label: t("override.words"), required: true }),
      inputField({ name: "approver", label: t("override.approver"), hint: t("override.approver_hint", { roles }), maxlength: 64 }),
      inputField({ name: "password", label: t("override.password"), type: "password", maxlength: 256 }),
    ],
    submitKey: "override.save",
    tone: "danger",
    submit: async ({ code, reason, approver, password }) => take(await send(`/api/lanes/${laneId}/override`, { draft_id, code, reason, approver: approver.trim(), password })),
  });
}

export function overrideKey(parts) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== KEY || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || document.querySelector("dialog[open]")) return;
    if (!parts.view() || parts.view().is_locked || !canOverride(parts.view())) return;
    event.preventDefault();
    askOverride(parts);
  });
}
