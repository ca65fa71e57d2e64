// A list that is on the page already, searched in place: without marks, every word of what is typed, "/" leads to the field.
import { plain } from "./format.js";

// One or two digits mean a number by itself, such as a lane's: within dates they would stand in nearly every line.
const isIn = (text, word) => (/^\d{1,2}$/.test(word) ? new RegExp(`(?<!\\d)0?${word}(?!\\d)`).test(text) : text.includes(word));

// Hide the rows of a list that do not hold every word of what is typed; returns how many are left.
export function sift(nodes, typed) {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  let left = 0;
  for (const node of nodes) {
    const text = plain(node.textContent);
    node.hidden = !words.every((one) => isIn(text, one));
    left += node.hidden ? 0 : 1;
  }
  return left;
}

// A search field over a list that is drawn anew from time to time: call the answer after each drawing.
export function searching(field, nodes, { empty = null } = {}) {
  const again = () => {
    const left = sift(nodes(), field.value);
    if (empty) empty.hidden = left > 0 || field.value === "";
  };
  field.addEventListener("input", again);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || field.value === "") return;
    event.stopPropagation();
    field.value = "";
    again();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]") || document.activeElement?.matches("input, textarea, select")) return;
    event.preventDefault();
    field.focus();
  });
  return again;
}
