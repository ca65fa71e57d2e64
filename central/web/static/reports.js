// Daily reports: every revision of every day, what changed, and the two files of each.
import { read, Refused, send } from "../web/js/api.js";
import { learnNow } from "../web/js/clocks.js";
import { ask } from "../web/js/dialogs.js";
import { element, find, setText } from "../web/js/elements.js";
import { date, dateTime, integer } from "../web/js/format.js";
import "../web/js/keys.js";
import { t, word } from "../web/js/labels.js";

const mayFreeze = document.body.dataset.mayFreeze === "yes";
let shown = "";
let before = null;
let sought = "";
let firstDue = null;

async function refresh() {
  try {
    const { reports: page, now, next_before: older } = await read(`/api/reports${before ? `?before=${before}` : ""}`);
    learnNow(now);
    setText(find("live"), "");
    find("live").hidden = true;
    find("older").hidden = !older;
    find("older").dataset.before = older ?? "";
    find("newest").hidden = before === null;
    const reports = page.filter((report) => `${report.day} ${date(report.day)}`.includes(sought));
    firstDue = reports.find((report) => report.state === "due")?.day ?? null;
    if (JSON.stringify(reports) !== shown) {
      shown = JSON.stringify(reports);
      find("reports").replaceChildren(...(reports.length ? reports.flatMap(dayLines) : [element("tr", {}, element("td", { colspan: 7, class: "empty" }, t("report_page.none")))]));
    }
    setText(find("error"), "");
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

function dayLines(report) {
  const revisions = [...(report.revisions ?? [])].sort((a, b) => b.revision - a.revision);
  const key = report.day === firstDue ? "F2" : null;
  const freeze = mayFreeze && report.state === "due" ? element("button", { class: "button", type: "button", "data-key": key, onclick: () => askFreeze(report.day) }, t("report_page.freeze"), key && element("kbd", {}, key)) : null;
  if (revisions.length === 0) return [element("tr", {}, element("th", { scope: "row" }, date(report.day)), state(report.state), element("td", { class: "number" }, "—"), element("td", { class: "number" }, "—"), element("td", { class: "number" }, element("a", { href: `/reports/${report.day}/figures` }, t("figures_page.see"))), element("td", {}, "—"), element("td", {}, freeze ?? element("span", { class: "small dim" }, report.state === "open" ? t("report_page.not_over") : "")))];
  return revisions.map((one, index) => revisionLine(report, one, index === 0 ? freeze : null, index === 0));
}

function state(slug) {
  return element("td", {}, element("span", { class: "chip", "data-tone": { frozen: "go", due: "wait" }[slug] ?? "info" }, word("report_page", `state_${slug}`)));
}

function revisionLine(report, one, freeze, isLast) {
  const file = (kind) => element("a", { class: "button", href: `/reports/${report.day}.${kind}?revision=${one.revision}`, download: "", "aria-label": t(`report_page.${kind}_of`, { day_on: report.day, revision: one.revision }) }, t(`report_page.${kind}`));
  const holds = one.identities_hold === undefined ? null : element("span", { class: "small dim" }, ` ${t(one.identities_hold ? "report_page.identities_hold" : "report_page.identities_broken")}`);
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, isLast ? date(report.day) : element("span", { class: "for-readers" }, date(report.day))),
    isLast ? state(report.state) : element("td", {}),
    element("td", { class: "number" }, integer(one.revision)),
    element("td", { class: "number" }, dateTime(one.frozen_at)),
    element("td", { class: "number" }, element("a", { href: `/reports/${report.day}/figures`, title: t("figures_page.see") }, integer(one.crossings)), holds),
    element("td", {}, difference(report, one)),
    element("td", {}, element("div", { class: "row" }, file("pdf"), file("json"), freeze)),
  );
}

// What changed is read when somebody asks: the list itself never opens a report.
function difference(report, one) {
  if (one.revision === 1) return t("report_page.no_difference");
  if (!one.changes) return t("report_page.same_figures");
  const lines = element("p", { class: "small" });
  const opened = element("details", {}, element("summary", {}, t("report_page.changes", { count: one.changes })), lines);
  opened.addEventListener("toggle", async () => {
    if (!opened.open || lines.textContent) return;
    const { difference: changes } = await read(`/api/reports/${report.day}/revisions/${one.revision}/changes`);
    setText(lines, changes.map((change) => t("report_page.change", { gate: change.point_of_entry_id ?? "", figure: word("figure", change.figure), before: change.before, after: change.after })).join("; "));
  });
  return opened;
}

function askFreeze(day) {
  ask({
    title: t("report_page.freeze_title", { day_on: day }),
    fields: [element("p", {}, t("report_page.freeze_hint"))],
    submitKey: "report_page.freeze",
    submit: async () => {
      const frozen = await send(`/api/reports/${day}/freeze`);
      setText(find("saved"), t("report_page.frozen_now", { revision: frozen.revision }));
      await refresh();
    },
  });
}

function turn(to) {
  before = to;
  refresh();
}

find("older").addEventListener("click", () => turn(find("older").dataset.before || null));
find("newest").addEventListener("click", () => turn(null));
find("search").addEventListener("input", () => {
  sought = find("search").value.trim();
  refresh();
});
await refresh();
setInterval(refresh, 15_000);
