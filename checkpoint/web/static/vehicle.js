// The vehicle of whoever stands in the lane: typed once, paired with its last movement by the edge.
import { send } from "../web/js/api.js";
import { ask, checkField, inputField, selectField } from "../web/js/dialogs.js";
import { t, word } from "../web/js/labels.js";

const KEY = "ArrowDown";
export const SIGN = "↓";
const KINDS = ["truck", "car", "coach", "motorcycle", "vessel", "flight", "train"];
const ROLES = ["driver", "co_driver", "crew", "passenger"];
const CARGO = ["none", "farm_produce", "seafood", "live_animals", "frozen_food", "other"];
const choices = (section, slugs) => slugs.map((slug) => [slug, word(section, slug)]);

// Arrows move the cursor where something is typed; in the empty scan field and on the bare page they are free.
export const isFree = (event) => !(event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || document.querySelector("dialog[open]")) && (document.activeElement === document.body || (document.activeElement?.id === "scan" && document.activeElement.value === ""));

let last = null; // the vehicle of the person before: a co-driver comes with the same one
export function vehicleAct({ laneId, view, take }) {
  const act = () => {
    const draft_id = view()?.draft_id;
    if (!draft_id) return;
    const ride = view().company?.ride;
    const known = ride ? { kind: ride.kind, number: ride.plates.split(" ")[0] } : last;
    const conveyance_id = crypto.randomUUID();
    ask({
      title: t("groups_page.vehicle_title"),
      fields: [
        inputField({ name: "number", label: t("groups_page.plate"), required: true, maxlength: 40, value: known?.number ?? "", autocapitalize: "characters", autofocus: true }),
        selectField({ name: "kind", label: t("groups_page.column_kind"), choices: choices("ConveyanceKind", KINDS), chosen: known?.kind ?? "truck" }),
        inputField({ name: "trailer", label: t("groups_page.trailer"), maxlength: 40, autocapitalize: "characters" }),
        inputField({ name: "abroad", label: t("groups_page.abroad"), maxlength: 40, autocapitalize: "characters" }),
        selectField({ name: "role", label: t("groups_page.role"), choices: choices("OccupantRole", ROLES), chosen: ride?.role ?? (known && !ride ? "co_driver" : "driver") }),
        selectField({ name: "cargo", label: t("groups_page.cargo"), choices: [["", "—"], ...choices("CargoKind", CARGO)] }),
        inputField({ name: "occupants", label: t("groups_page.occupants"), inputmode: "numeric", maxlength: 4 }),
        inputField({ name: "seat", label: t("groups_page.seat"), maxlength: 12 }),
        checkField({ name: "is_confirmed", label: t("groups_page.plate"), choices: [["yes", t("groups_page.confirm_plate")]] }),
      ],
      submitKey: "groups_page.save",
      submit: async ({ number, kind, trailer, abroad, role, cargo, occupants, seat, is_confirmed }) => {
        const body = { draft_id, conveyance_id, number, kind, trailer, abroad, role, seat, cargo: cargo || null, occupants: occupants ? Number(occupants) : null, is_confirmed: is_confirmed === "yes" };
        take(await send(`/api/lanes/${laneId}/vehicle`, body));
        last = { number, kind };
      },
    });
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== KEY || !isFree(event) || !view()?.draft_id) return;
    event.preventDefault();
    act();
  });
  return act;
}
