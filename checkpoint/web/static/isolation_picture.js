// The one thermal picture behind a raised reading: asked for with a reason, drawn in this page's memory, gone with the dialog.
import { send } from "../web/js/api.js";
import { ask, selectField } from "../web/js/dialogs.js";
import { element } from "../web/js/elements.js";
import { t, word } from "../web/js/labels.js";
import { whoIs } from "./isolation_steps.js";
import { shadeOf } from "./shades.js";

const LOOKS = ["care", "case_investigation", "contact_tracing", "request_of_the_person", "audit", "other"];
const LARGE_PX = 320;

export function askPicture(person) {
  ask({
    title: t("isolation_room.picture_title", { name: whoIs(person) }),
    fields: [selectField({ name: "reason", label: t("isolation_room.picture_why"), choices: LOOKS.map((slug) => [slug, word("LookReason", slug)]), required: true, autofocus: true }), element("p", { class: "hint" }, t("isolation_room.picture_hint"))],
    submitKey: "isolation_room.picture",
    submit: async (values) => {
      const picture = await send(`/api/isolation/${person.crossing_id}/picture`, values);
      setTimeout(() => showPicture(person, picture)); // the first dialog closes before the second opens
    },
  });
}

function showPicture(person, picture) {
  const canvas = element("canvas", { role: "img", "aria-label": t("isolation_room.picture_shown") });
  paint(canvas, picture);
  const about = t("isolation_room.picture_until", { device_id: picture.device_id, observed_at: picture.observed_at, expires_at: picture.expires_at });
  ask({ title: t("isolation_room.picture_title", { name: whoIs(person) }), fields: [canvas, element("p", { class: "dim small" }, about)] });
}

function paint(canvas, { width_px, height_px, centikelvin }) {
  const bytes = Uint8Array.from(window.atob(centikelvin), (letter) => letter.charCodeAt(0));
  const pixels = new Uint16Array(bytes.buffer), small = document.createElement("canvas");
  small.width = width_px;
  small.height = height_px;
  const context = small.getContext("2d"), image = context.createImageData(width_px, height_px);
  const low_ck = Math.min(...pixels), span_ck = Math.max(800, Math.max(...pixels) - low_ck);
  pixels.forEach((pixel, index) => {
    image.data.set(shadeOf((pixel - low_ck) / span_ck), index * 4);
    image.data[index * 4 + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  const scale = LARGE_PX / Math.max(width_px, height_px);
  canvas.width = Math.round(width_px * scale);
  canvas.height = Math.round(height_px * scale);
  canvas.getContext("2d").drawImage(small, 0, 0, canvas.width, canvas.height);
}
