// A document is accepted from anywhere: a reader that types (keyboard wedge) or the officer's own fingers.
// Keys pressed while no field has the focus go into the scan field; Enter ends a line. Machine-readable zones
// come as two or three lines, each ended by Enter, so the first lines wait for the others.
import { find } from "../web/js/elements.js";

const LINES_BY_LENGTH = { 30: 3, 36: 2, 44: 2 };
const NEXT_LINE_WITHIN_MS = 1500;

// Gathers the lines of one document; present(text) gets the whole.
export function gathering(present) {
  let lines = [], timer = 0;
  const finish = () => {
    clearTimeout(timer);
    const text = lines.join("\n");
    lines = [];
    if (text) present(text);
  };
  const add = (line) => {
    lines.push(line);
    clearTimeout(timer);
    if (lines.length >= expectedLines(lines[0])) finish();
    else timer = setTimeout(finish, NEXT_LINE_WITHIN_MS);
  };
  // A slow reader is still typing the next line: the scan is not whole before it falls silent.
  const goesOn = () => {
    if (lines.length === 0) return;
    clearTimeout(timer);
    timer = setTimeout(finish, NEXT_LINE_WITHIN_MS);
  };
  return { add, finish, goesOn, isEmpty: () => lines.length === 0 };
}

// present(text): a whole scan. enterAlone(): Enter in an empty field means the next action.
export function watchScans({ present, enterAlone }) {
  const field = find("scan"), gathered = gathering(present);
  find("scan-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const line = field.value.trim();
    field.value = "";
    if (line !== "") gathered.add(line);
    else if (gathered.isEmpty()) enterAlone();
    else gathered.finish();
  });
  field.addEventListener("input", gathered.goesOn);
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || isTyping(document.activeElement)) return;
    const isText = event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey;
    const isSpaceOnButton = event.key === " " && document.activeElement instanceof HTMLButtonElement;
    if (isText && !isSpaceOnButton) field.focus({ preventScroll: true });
    if (event.key === "Enter" && document.activeElement === document.body) {
      event.preventDefault();
      enterAlone();
    }
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") field.value = "";
  });
}

export function expectedLines(first) {
  return /^[A-Z0-9<]+$/.test(first) && first.includes("<") ? LINES_BY_LENGTH[first.length] ?? 1 : 1;
}

export function focusScan() {
  // The verdict must stay in sight on a small or zoomed screen.
  if (!document.querySelector("dialog[open]") && document.activeElement === document.body) find("scan").focus({ preventScroll: true });
}

const isTyping = (node) => node instanceof HTMLInputElement || node instanceof HTMLTextAreaElement || node instanceof HTMLSelectElement;
