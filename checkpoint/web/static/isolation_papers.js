// The papers of one isolation that fit the step: each as a page to print and as a file that can still be edited.
import { read } from "../web/js/api.js";
import { whenAlone } from "../web/js/bursts.js";
import { ask } from "../web/js/dialogs.js";
import { element } from "../web/js/elements.js";
import { t } from "../web/js/labels.js";
import { whoIs } from "./isolation_steps.js";

const addressOf = (person, topic, form) => `/api/isolation/${person.crossing_id}/papers/${topic}.${form}`;
const link = (person, topic, form, key) => element("a", { class: "button", href: addressOf(person, topic, form), download: "", "data-take": key, "aria-label": `${t(`papers.${topic}`)} ${t(`papers.${form}`)}` }, t(`papers.${form}`), " ", element("kbd", {}, key));

export async function askPapers(person) {
  const { papers } = await read(`/api/isolation/${person.crossing_id}/papers`);
  const rows = papers.map((topic, index) => element("li", {}, element("span", {}, t(`papers.${topic}`)), element("span", { class: "row" }, link(person, topic, "pdf", `${index + 1}`), link(person, topic, "docx", `⇧${index + 1}`))));
  const list = rows.length ? [element("ul", { class: "paper-list" }, ...rows), element("p", { class: "hint" }, t("papers.hint"))] : [element("p", { class: "empty" }, t("papers.none"))];
  const dialog = ask({ title: t("papers.title", { name: whoIs(person) }), fields: list });
  dialog?.querySelector("a")?.focus();
  dialog?.addEventListener("keydown", (event) => {
    const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
    const taken = digit ? dialog.querySelector(`[data-take="${event.shiftKey ? "⇧" : ""}${digit}"]`) : null;
    if (!taken) return;
    event.preventDefault();
    whenAlone(() => taken.click());
  });
}
