// Three sounds that cannot be mistaken, in pitch and in rhythm: pass rises, wait holds, stop beats.
import { find, setText } from "../web/js/elements.js";
import { t } from "../web/js/labels.js";

const TUNES = {
  go: [[660, 0, 0.09, "sine"], [880, 0.1, 0.13, "sine"]],
  wait: [[440, 0, 0.28, "triangle"]],
  stop: [[880, 0, 0.14, "square"], [660, 0.2, 0.14, "square"], [880, 0.4, 0.14, "square"], [660, 0.6, 0.22, "square"]],
};
let context = null;
let isOn = window.localStorage.getItem("kd-sound") !== "off";

export function play(tone) {
  if (!isOn || !TUNES[tone]) return;
  context ??= new AudioContext();
  if (context.state !== "running") {
    // Browsers keep silent until the first key; a sound that comes late would speak of somebody else.
    const asked_ms = performance.now();
    context.resume().then(() => performance.now() - asked_ms < 500 && sound(tone));
    return;
  }
  sound(tone);
}

function sound(tone) {
  for (const [pitch, after_s, length_s, type] of TUNES[tone]) {
    const oscillator = context.createOscillator(), gain = context.createGain(), at = context.currentTime + after_s;
    oscillator.type = type;
    oscillator.frequency.value = pitch;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(type === "square" ? 0.12 : 0.25, at + 0.01);
    gain.gain.linearRampToValueAtTime(0, at + length_s);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + length_s + 0.02);
  }
}

export function turnSound() {
  isOn = !isOn;
  window.localStorage.setItem("kd-sound", isOn ? "on" : "off");
  showSound();
}

export function showSound() {
  find("sound").setAttribute("aria-pressed", String(isOn));
  setText(find("sound-words"), t(isOn ? "lane.sound_on" : "lane.sound_off"));
}
