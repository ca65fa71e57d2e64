// Codes read by the browser's own reader, where it has one: the raw text is kept, and the edge reads it when it comes in.
import { ask } from "../../web/js/dialogs.js";
import { element } from "../../web/js/elements.js";
import { t } from "../../web/js/labels.js";

const LOOK_EVERY_MS = 250;
export const hasScanner = () => "BarcodeDetector" in window && Boolean(navigator.mediaDevices?.getUserMedia);

export async function scanCode({ take }) {
  const video = element("video", { class: "handheld-camera", playsinline: true, "aria-label": t("handheld.camera_view") });
  video.muted = true;
  const dialog = ask({ title: t("handheld.camera_title"), fields: [video] });
  if (!dialog) return;
  let stream = null;
  const timer = window.setInterval(look, LOOK_EVERY_MS);
  const detector = new window.BarcodeDetector();
  dialog.addEventListener("close", () => {
    window.clearInterval(timer);
    stream?.getTracks().forEach((track) => track.stop());
  });
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    await video.play();
  } catch (problem) {
    if (!(problem instanceof DOMException)) throw problem;
    dialog.querySelector(".error-line").textContent = t("handheld.camera_none");
  }
  async function look() {
    if (!stream || video.readyState < 2) return;
    const [found] = await detector.detect(video);
    if (!found?.rawValue) return;
    take(found.rawValue);
    dialog.close();
  }
}
