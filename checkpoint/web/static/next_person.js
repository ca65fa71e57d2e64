// The next person: whose document was read while somebody else still stands in the lane. One at most, and apart.
import { element, find } from "../web/js/elements.js";
import { timeWithSeconds } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";

let shown = "";

export function showNextPerson(view, { drop }) {
  const waiting = view.next_person ?? null;
  const wanted = JSON.stringify(waiting);
  if (wanted === shown) return;
  shown = wanted;
  find("next-person").hidden = waiting === null;
  if (waiting === null) {
    find("next-person").replaceChildren();
    return;
  }
  find("next-person").replaceChildren(
    element("span", { class: "next-title" }, t("lane.next_person")),
    element("span", { class: "next-name" }, [waiting.full_name, `${word("DocumentKind", waiting.document_kind)} ${waiting.document_number_masked}`].filter(Boolean).join(" · ")),
    element("span", { class: "dim small" }, t("lane.next_scanned", { scanned: timeWithSeconds(waiting.scanned_at) })),
    element("button", { type: "button", onclick: drop }, `${t("lane.next_drop")} `, element("kbd", {}, "Delete")),
  );
}
