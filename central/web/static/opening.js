// Figures of the command page that open what they count: the page of the report day, with the figure asked for.
import { element } from "../web/js/elements.js";
import { integer } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";

const addressOf = (day, asked) => `/reports/${encodeURIComponent(day)}/figures#${new URLSearchParams(asked)}`;

// The number as a link; what was not counted, or counted to nothing, opens nothing.
export function opening(count, { day, figure, scope = t("command.whole_province"), shown = integer(count), ...ask }) {
  if (!count) return shown;
  const name = ask.kind === "beside" ? word("gate_figure", figure) : word("figure", figure);
  return element("a", { href: addressOf(day, { figure, ...ask }), "aria-label": `${t("figures_page.open")}: ${name}, ${scope}: ${shown}` }, shown);
}

// A sentence of the catalogue whose numbers are links: sentence("command.in_and_out", {entry: node}).
export function sentence(key, nodes, values = {}) {
  return t(key, values).split(/(\{\w+\})/).map((part) => nodes[part.slice(1, -1)] ?? part);
}

// Drawn anew only where something else stands there now: a link keeps the focus while the figures are refreshed.
export function redraw(node, ...children) {
  const fresh = node.cloneNode(false);
  fresh.append(...children);
  if (!node.isEqualNode(fresh)) node.replaceChildren(...fresh.childNodes);
}
