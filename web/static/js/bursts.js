// Keys as a document reader sends them: many within a moment, ended by Enter. A reader that types (keyboard wedge) does
// not know which page it types into, so a page looks here before a lone key means anything, and takes a scan out again.
const GAP_MS = 100, USUAL_GAP_MS = 50, LEAST_MARKS = 6, LEAST_DIGITS = 4;
const HELD_ALONG = new Set(["Shift", "CapsLock", "NumLock", "AltGraph"]); // a reader's capitals come with them
const NOT_WRITTEN = new Set(["radio", "checkbox", "button", "submit", "file"]);
const NOTHING = { marks: "", began_ms: 0, field: null, before: "" };
const catchers = [];
let burst = { ...NOTHING }, last_ms = -Infinity, presses = 0;

const isWritten = (node) => node instanceof HTMLTextAreaElement || (node instanceof HTMLInputElement && !NOT_WRITTEN.has(node.type));
const looksScanned = (text) => text.length >= LEAST_MARKS && (/[<|]/.test(text) || text.replace(/\D/g, "").length >= LEAST_DIGITS);

// A key that stands alone acts after a moment; the beginning of a scan never does.
export function whenAlone(act) {
  const mine = presses;
  if (burst.marks.length > 1) return;
  setTimeout(() => mine === presses && act(), GAP_MS);
}

// covers(): whether this part has the keyboard now. takesOut(field): whether a scan does not belong into that field.
// present(line) gets each line of a scan that no field keeps. The answer ends it; of several parts the last one counts.
export function catchScans({ covers, takesOut, present }) {
  const catcher = { covers, takesOut, present };
  catchers.push(catcher);
  return () => void catchers.splice(catchers.indexOf(catcher), 1);
}

function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

// Where no field is written into, all keys of a burst but its first go nowhere; a field takes them until Enter comes.
window.addEventListener("keydown", (event) => {
  if (!event.key || event.repeat || HELD_ALONG.has(event.key)) return; // a browser that fills in a form sends no key
  presses += 1;
  const isMark = event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey;
  const isSoon = event.timeStamp - last_ms <= GAP_MS;
  last_ms = isMark ? event.timeStamp : -Infinity;
  if (!isSoon) burst = { marks: "", began_ms: event.timeStamp, field: event.target, before: event.target.value ?? "" };
  if (isMark) burst.marks += event.key;
  const catcher = catchers.findLast((one) => one.covers());
  if (catcher && isMark && burst.marks.length > 1 && !isWritten(event.target)) stop(event);
  if (catcher && event.key === "Enter" && burst.marks.length > 1) end(event, catcher);
  if (!isMark) burst = { ...NOTHING };
}, true);

function end(event, catcher) {
  const { marks, began_ms, field, before } = burst;
  const isScan = looksScanned(marks);
  if (isWritten(event.target)) {
    // Quick fingers on a keypad are no reader: what they write stays.
    const isByHand = (event.timeStamp - began_ms) / marks.length > USUAL_GAP_MS;
    if (!isScan || isByHand || !catcher.takesOut(event.target)) return;
    // Nothing but the scan goes: what stood in the field before it stands there again.
    event.target.value = field === event.target ? before : "";
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
  }
  stop(event);
  if (isScan) catcher.present(marks);
}
