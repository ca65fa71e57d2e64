// Which edges report, how far, and when they were last heard: no traveller appears here.
import { read, Refused } from "../web/js/api.js";
import { element, find, setText } from "../web/js/elements.js";
import { dateTime, integer } from "../web/js/format.js";

async function refresh() {
  try {
    const health = await read("/api/units");
    find("units").replaceChildren(...(health.edges ?? []).map((edge) => element("tr", {}, element("th", { scope: "row" }, edge.edge_id), element("td", {}, edge.point_of_entry_id ?? "—"), element("td", { class: "number" }, integer(edge.sequence)), element("td", { class: "number" }, dateTime(edge.last_contact_at ?? edge.last_received_at)))));
    find("live").hidden = true;
    setText(find("error"), "");
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    setText(find("error"), problem.words);
  }
}

await refresh();
setInterval(refresh, 5000);
