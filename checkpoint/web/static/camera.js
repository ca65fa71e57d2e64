// A document before the lane's camera, or a picture from a phone: what was read is shown, and the officer decides.
// The picture goes to this gate's own service and is forgotten there; nothing here keeps it after the dialog closes.
import { Refused } from "../web/js/api.js";
import { ask } from "../web/js/dialogs.js";
import { element } from "../web/js/elements.js";
import { date } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";
import { zoneWords } from "./zone_words.js";

const LARGEST_SIDE_PX = 2400;
const JPEG_QUALITY = 0.92;

// present(text): what the officer confirmed, as a reader would have sent it. read(blob) asks the service what a picture shows;
// typed(), where it is given, is the way out for who would rather type.
export function askCamera({ present, read = sendPicture, typed = null }) {
  const video = element("video", { class: "camera-view", playsinline: true, "aria-label": t("lane.camera_view") });
  video.muted = true;
  const still = element("canvas", { class: "camera-view", hidden: true, role: "img", "aria-label": t("lane.camera_still") });
  const found = element("div", { class: "camera-found", role: "status", "aria-live": "polite" }, element("p", { class: "dim" }, t("lane.camera_how")));
  const take = element("button", { type: "button", class: "button primary", autofocus: true, disabled: true }, t("lane.camera_take"), element("kbd", {}, "Enter"));
  const again = element("button", { type: "button", class: "button", hidden: true }, t("lane.camera_again"), element("kbd", {}, "PgDn"));
  const file = element("input", { id: "camera-file", type: "file", accept: "image/jpeg,image/png" });
  const dialog = ask({
    title: t("lane.camera_title"),
    fields: [
      element("div", { class: "camera" }, video, still),
      element("div", { class: "row camera-row" }, element("label", { class: "button camera-file" }, t("lane.camera_file"), file), typed ? element("button", { type: "button", class: "button", onclick: () => toTyping() }, t("lane.camera_type_instead")) : null, again, take),
      found,
    ],
  });
  if (!dialog) return;
  dialog.classList.add("camera-dialog");
  const error = dialog.querySelector(".error-line");
  let stream = null, isClosed = false;

  const show = (isStill) => {
    video.hidden = isStill;
    still.hidden = !isStill;
    dialog.classList.toggle("has-still", isStill);
    take.hidden = isStill;
    again.hidden = !isStill;
    if (!isStill) take.focus();
  };
  const readStill = async () => {
    show(true);
    error.textContent = "";
    found.replaceChildren(element("p", { class: "dim" }, t("lane.camera_reading")));
    try {
      const blob = await new Promise((resolve) => still.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
      const answer = await read(blob);
      found.replaceChildren(...answer.found.map((one) => card(one, { use })));
      found.querySelector("button")?.focus();
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      found.replaceChildren();
      error.textContent = problem.words;
      again.focus();
    }
  };
  const toTyping = () => {
    dialog.close();
    typed();
  };
  const use = (text) => {
    dialog.close();
    present(text);
  };
  const retake = () => {
    found.replaceChildren();
    error.textContent = "";
    file.value = "";
    show(false);
  };

  take.addEventListener("click", () => {
    draw(still, video, video.videoWidth, video.videoHeight);
    readStill();
  });
  again.addEventListener("click", retake);
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "PageDown") return;
    event.preventDefault();
    if (!again.hidden) retake();
  });
  file.addEventListener("change", async () => {
    const [picture] = file.files;
    if (!picture) return;
    try {
      const bitmap = await createImageBitmap(picture);
      draw(still, bitmap, bitmap.width, bitmap.height);
      bitmap.close();
    } catch {
      error.textContent = new Refused({ code: "picture_unreadable" }, 415).words;
      return;
    }
    await readStill();
  });
  dialog.addEventListener("close", () => {
    isClosed = true;
    stream?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    still.width = still.height = 0;
  });
  openCamera().then(
    (opened) => {
      stream = opened;
      if (isClosed) return stream.getTracks().forEach((track) => track.stop());
      video.srcObject = stream;
      video.addEventListener("loadeddata", () => {
        take.disabled = false;
        if (!take.hidden) take.focus();
      });
      return video.play().catch(() => {});
    },
    () => {
      error.textContent = t("lane.camera_none");
      file.focus();
    },
  );
}

function openCamera() {
  if (!navigator.mediaDevices?.getUserMedia) return Promise.reject(new Error("no camera"));
  return navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } } });
}

function draw(canvas, source, width, height) {
  const scale = Math.min(1, LARGEST_SIDE_PX / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
}

async function sendPicture(blob) {
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  let answer;
  try {
    answer = await fetch("/api/documents/read-picture", { method: "POST", credentials: "same-origin", cache: "no-store", headers: { Accept: "application/json", "Content-Type": "image/jpeg", "X-CSRF-Token": token }, body: blob });
  } catch {
    throw new Refused({ code: "no_service" }, 0);
  }
  if (answer.status === 401) window.location.assign(`/sign-in?next=${encodeURIComponent(window.location.pathname)}`);
  if (!answer.ok) throw new Refused(await answer.json().catch(() => ({})), answer.status);
  return answer.json();
}

// One text seen: what it says, what speaks against it, and the keys that take it as read or as proposed.
function card({ seen, document: read, fault }, { use }) {
  const proposals = (read?.proposals ?? []).map((one) =>
    element("button", { type: "button", class: "button", onclick: () => use(one.lines.join("\n")) }, t("lane.camera_use_proposal", { changes: one.replacements.map(changeWords).join("; ") })),
  );
  return element(
    "article",
    { class: "camera-card" },
    element("h3", {}, read ? word("DocumentKind", read.kind) : fault && seen.source === "zone" ? t("lane.camera_unclear") : t("lane.camera_code")),
    read ? element("dl", { class: "rows" }, ...rowsOf(read.fields)) : null,
    seen.source === "zone" ? zoneOf(seen) : null,
    warningsOf(read),
    verdictsOf(read),
    element("p", { class: "dim small" }, t("lane.camera_compare")),
    element("div", { class: "row" }, element("button", { type: "button", class: "button primary", onclick: () => use(seen.text) }, t("lane.camera_use")), ...proposals),
  );
}

export const changeWords = (one) => t("lane.camera_change", { line: one.line, position: one.position, read: one.read, proposed: one.proposed });

// A date of which a part is unknown stays as the document has it.
const dayOf = (text) => (/^\d{4}-\d{2}-\d{2}$/.test(text ?? "") ? date(text) : text);

function rowsOf(fields) {
  const rows = [["document_number", fields.issuing_state === "VNM" && fields.personal_number.length === 12 ? fields.personal_number : fields.document_number], ["name", fields.full_name], ["birth", dayOf(fields.date_of_birth)], ["nationality", fields.nationality], ["expiry", dayOf(fields.date_of_expiry)]];
  return rows.filter(([, text]) => text).flatMap(([key, text]) => [element("dt", {}, t(`lane.camera_${key}`)), element("dd", {}, text)]);
}

function zoneOf(seen) {
  const doubtful = new Set(seen.doubtful.map(([line, position]) => `${line}/${position}`));
  const lines = seen.text.split("\n").map((line, at) =>
    element("span", { class: "camera-line" }, ...[...line].map((letter, column) => (doubtful.has(`${at + 1}/${column + 1}`) ? element("mark", {}, letter) : letter))),
  );
  return element("p", { class: "camera-zone", lang: "und", translate: "no" }, ...lines);
}

function verdictsOf(read) {
  if (!read?.verdicts?.length) return null;
  const { words, isAgainst } = zoneWords(read.verdicts, read.deviations ?? []);
  return element("p", { class: `camera-zone-words ${isAgainst ? "warning" : "dim small"}` }, t("lane.zone"), ": ", words);
}

function warningsOf(read) {
  const codes = [...new Set((read?.warnings ?? []).map((warning) => warning.code))];
  return codes.length ? element("ul", { class: "camera-warnings" }, ...codes.map((code) => element("li", {}, word("DocumentWarningCode", code)))) : null;
}
