// The live thermal picture over a WebSocket: one JSON line, then width * height uint16 centikelvin, little-endian.
import { find, setText } from "../web/js/elements.js";
import { tenth } from "../web/js/format.js";
import { t, word } from "../web/js/labels.js";
import { shadeOf } from "./shades.js";

const STALE_AFTER_MS = 3000;
const small = document.createElement("canvas");
let low_ck = null, high_ck = null, lastFrame_ms = 0;

// The picture of the measurement: the last one with a face, in this page's memory only, while that person is here.
const BEFORE_READING_MS = 3000, FACELESS_FRAMES = 3;
let lane = null, lastFace = null, faceless = 0, isKept = false;

export function showPictureFor(view) {
  const isOther = lane !== null && lane.draft_id !== view.draft_id;
  lane = view;
  if (!isOther) return;
  if (isKept || view.phase === "empty") lastFace = null;
  isKept = false;
  find("kept").hidden = true;
}

// Whether the last face seen is that of the person whose reading is bound: same scanner, not from before.
function isOfReading() {
  const reading = lane?.reading;
  if (!reading || !lastFace || lane.phase === "empty") return false;
  const isSameScanner = !lastFace.head.device_id || lastFace.head.device_id === reading.device_id;
  return isSameScanner && (!reading.observed_at || new Date(lastFace.head.observed_at) >= new Date(reading.observed_at) - BEFORE_READING_MS);
}

function keepMeasurement() {
  isKept = true;
  find("kept").hidden = false;
  const { temperature_c, uncertainty_c, site } = lane.reading;
  const [face, ...others] = lastFace.head.faces;
  draw({ ...lastFace, head: { ...lastFace.head, faces: [{ ...face, temperature_c, uncertainty_c, site }, ...others] } });
}

export function watchThermal(laneId) {
  const scheme = window.location.protocol === "https:" ? "wss" : "ws";
  let wait_ms = 500;
  const open = () => {
    const socket = new WebSocket(`${scheme}://${window.location.host}/api/lanes/${laneId}/thermal`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", (event) => {
      wait_ms = 500;
      showFrame(event.data);
    });
    socket.addEventListener("close", () => {
      setTimeout(open, wait_ms);
      wait_ms = Math.min(10_000, wait_ms * 2);
    });
  };
  open();
  setInterval(() => {
    if (!isKept && lastFrame_ms && performance.now() - lastFrame_ms > STALE_AFTER_MS) {
      lastFrame_ms = 0;
      find("face").hidden = true;
      find("reference").hidden = true;
      find("quality").hidden = true;
      find("no-picture").hidden = false;
      setText(find("no-picture"), t("lane.picture_stopped"));
    }
  }, 1000);
}

function showFrame(buffer) {
  const bytes = new Uint8Array(buffer), newline = bytes.indexOf(10);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, newline)));
  const pixels = new Uint16Array(buffer.slice(newline + 1));
  if (pixels.length !== head.width * head.height) return;
  lastFrame_ms = performance.now();
  if (isKept) return;
  faceless = head.faces?.length ? 0 : faceless + 1;
  if (faceless === 0) lastFace = { head, pixels };
  if (faceless >= FACELESS_FRAMES && isOfReading()) keepMeasurement();
  else draw({ head, pixels });
}

function draw({ head, pixels }) {
  find("no-picture").hidden = true;
  paint(pixels, head);
  showFace(head);
  showReference(head);
  showQuality(head);
}

// The span follows the scene slowly, and is at least 8 kelvin, so that an empty scene does not boil.
function span(pixels) {
  const sorted = Uint16Array.from(pixels).sort();
  const low = sorted[Math.floor(sorted.length * 0.02)] - 100, high = Math.max(sorted[Math.floor(sorted.length * 0.995)] + 60, low + 1000);
  low_ck = low_ck === null ? low : low_ck + (low - low_ck) * 0.15;
  high_ck = high_ck === null ? high : high_ck + (high - high_ck) * 0.15;
}

function paint(pixels, { width, height }) {
  span(pixels);
  small.width = width;
  small.height = height;
  const context = small.getContext("2d"), image = context.createImageData(width, height);
  for (let index = 0; index < pixels.length; index += 1) {
    image.data.set(shadeOf((pixels[index] - low_ck) / (high_ck - low_ck)), index * 4);
    image.data[index * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  const canvas = find("thermal"), large = canvas.getContext("2d");
  large.imageSmoothingEnabled = true;
  large.imageSmoothingQuality = "high";
  large.drawImage(small, 0, 0, canvas.width, canvas.height);
}

function putOver(box, { x, y, width: wide, height: high }, { width, height }) {
  Object.assign(box.style, { left: `${(x / width) * 100}%`, top: `${(y / height) * 100}%`, width: `${(wide / width) * 100}%`, height: `${(high / height) * 100}%` });
}

function showReference({ reference, width, height }) {
  find("reference").hidden = !reference;
  if (reference) putOver(find("reference"), reference, { width, height });
}

function showFace({ faces, width, height }) {
  const face = faces?.[0], box = find("face");
  box.hidden = !face;
  if (!face) return;
  putOver(box, face, { width, height });
  const label = find("face-label");
  label.classList.toggle("below", face.y / height < 0.12);
  label.hidden = face.temperature_c === null || face.temperature_c === undefined;
  if (!label.hidden) setText(label, `${tenth(face.temperature_c)}${face.uncertainty_c ? ` ± ${tenth(face.uncertainty_c)}` : ""} °C${face.site ? ` · ${word("MeasuringSite", face.site)}` : ""}`);
}

const isKnown = (value) => value !== null && value !== undefined;

// A device's own temperature is several degrees above the room's and is never shown as the room's.
function showQuality({ quality, ambient_c, device_c, frames_collected, is_measured }) {
  const parts = (quality ?? []).map((slug) => word("lane", `quality_${slug}`));
  if (isKnown(ambient_c)) parts.unshift(t("lane.ambient", { ambient_c }));
  else if (isKnown(device_c)) parts.unshift(t("lane.device_own", { device_c }));
  if (is_measured) parts.push(t("lane.quality_measured"));
  else if (frames_collected > 0) parts.push(t("lane.quality_frames", { count: frames_collected }));
  find("quality").hidden = parts.length === 0;
  setText(find("quality"), parts.join(" · "));
}
