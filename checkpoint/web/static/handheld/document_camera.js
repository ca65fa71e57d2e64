// A document before the phone's camera: the edge's own reader looks at the picture, the officer confirms, nothing of it is kept
// on either side. Without the edge it says so at once, and the number is typed.
import { Refused } from "../../web/js/api.js";
import { askCamera } from "../camera.js";
import { find } from "../../web/js/elements.js";
import { sendSignedBytes } from "./flusher.js";
import { read } from "./vault.js";

const PATH = "/handheld/v1/read-picture";
export const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

async function readPicture(blob) {
  const device = await read("device", "this"), permit = await read("marks", "permit");
  let answer;
  try {
    answer = await sendSignedBytes(device, PATH, new Uint8Array(await blob.arrayBuffer()), { "Content-Type": "image/jpeg", "X-Handheld-Permit": permit?.permit ?? "" });
  } catch (problem) {
    if (!(problem instanceof TypeError || problem instanceof DOMException)) throw problem;
    throw new Refused({ code: "handheld_picture_offline" }, 0);
  }
  if ([502, 504].includes(answer.status)) throw new Refused({ code: "handheld_picture_offline" }, answer.status);
  if (!answer.ok) throw new Refused(await answer.json().catch(() => ({})), answer.status);
  return answer.json();
}

export const photographDocument = ({ take }) => askCamera({ present: take, read: readPicture, typed: () => find("document").focus() });
