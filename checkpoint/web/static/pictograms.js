// The pictograms of the travellers' screen: plain strokes that are read across a hall and in any language.
import { drawing } from "../web/js/elements.js";

const stroke = (d) => drawing("path", { d });
const ring = (cx, cy, r) => drawing("circle", { cx, cy, r });
const dot = (cx, cy, r) => drawing("circle", { class: "solid", cx, cy, r });
const box = (x, y, width, height, rx = 8) => drawing("rect", { x, y, width, height, rx });
const person = (x) => [ring(x, 52, 22), stroke(`M${x - 34} 176v-44c0-44 68-44 68 0v44`)];
const card = () => [box(92, 92, 88, 62), ring(116, 116, 9), stroke("M102 142c3-13 25-13 28 0M142 112h26M142 130h26")];
const face = () => [ring(100, 100, 70), dot(76, 86, 8), dot(124, 86, 8), stroke("M70 126c14 18 46 18 60 0")];

export const PICTOGRAMS = {
  come_forward: () => [...person(58), stroke("M112 108h68M152 78l30 30-30 30")],
  document_please: () => [stroke("M22 138c16 0 30-10 46-10 22 0 34 18 58 18 18 0 34-6 50-18"), stroke("M22 172c30 0 46 10 78 10 30 0 56-10 76-34"), box(56, 24, 96, 68), ring(82, 50, 10), stroke("M66 80c4-15 28-15 32 0M112 46h26M112 66h26")],
  declaration_please: () => [box(44, 16, 112, 168, 14), stroke("M64 48h32v32H64zM112 48h24v12M64 100h12M112 84h24v16H96M64 124h72M64 148h48"), dot(80, 64, 6)],
  look_at_camera: () => [ring(62, 100, 44), dot(52, 88, 6), dot(78, 88, 6), stroke("M46 118c9 10 24 10 33 0"), box(128, 62, 52, 76), ring(154, 100, 15), stroke("M112 100h6")],
  come_closer: () => [...person(46), stroke("M172 40v136M96 108h54M126 82l26 26-26 26")],
  one_by_one: () => [...person(62), drawing("g", { opacity: 0.45 }, ring(150, 66, 16), stroke("M126 176v-40c0-34 48-34 48 0v40")), stroke("M106 30v150")],
  uncover_face: () => [ring(100, 100, 64), stroke("M52 88h36v14c0 18-34 18-34 0zM112 88h36v14c0 18-34 18-34 0zM88 92h24M66 132h68v18c-14 16-54 16-68 0zM44 60c20-44 92-44 112 0z"), stroke("M20 180L180 20")],
  wait: () => [stroke("M56 22h88M56 178h88M66 22v30c0 26 34 34 34 48s-34 22-34 48v30M134 22v30c0 26-34 34-34 48s34 22 34 48v30"), drawing("path", { class: "solid", d: "M76 164c6-26 42-26 48 0z" })],
  go_on: () => [ring(100, 100, 84), stroke("M60 104l28 28 54-62")],
  step_aside: () => [...person(54), ring(140, 58, 18), stroke("M112 176v-42c0-36 56-36 56 0v42M122 44h36M88 100h24")],
};

export const pictogram = (message) => drawing("svg", { viewBox: "0 0 200 200" }, ...(PICTOGRAMS[message] ?? PICTOGRAMS.wait)());
