// Days and times in fields of our own: 22/11/2026 and 08:30 (24 hours), whatever language the browser itself speaks.
// Chinese writes the year first. What a field says to the program is ISO 8601, and so is what it is given.
const isYearFirst = (document.documentElement.dataset.language ?? document.documentElement.lang).startsWith("zh");

const two = (text) => text.padStart(2, "0");

// The same forms as the declaration's: no text is a day in two of them.
const DAY_FORMS = [/^(?<y>\d{4})[/.\- ]?(?<m>0[1-9]|1[0-2])[/.\- ]?(?<d>\d{2})$/, /^(?<d>\d{1,2})[/.\- ](?<m>\d{1,2})[/.\- ](?<y>\d{4})$/, /^(?<d>\d{2})(?<m>\d{2})(?<y>\d{4})$/];

// 22/11/2026, 22.11.2026, 22-11-2026, 22112026 or 2026-11-22; "" for a day that does not exist.
export function isoDay(text) {
  const found = DAY_FORMS.map((form) => form.exec(text.trim())?.groups).find(Boolean);
  if (!found) return "";
  const iso = `${found.y}-${two(found.m)}-${two(found.d)}`;
  const day = new Date(`${iso}T00:00:00Z`);
  return Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== iso ? "" : iso;
}

// 08:30, 8:30, 8h30 or 0830; "" for an hour that no day has.
export function isoTime(text) {
  const found = /^(\d{1,2})[:h.]?(\d{2})$/.exec(text.trim());
  return found && Number(found[1]) < 24 && Number(found[2]) < 60 ? `${two(found[1])}:${found[2]}` : "";
}

function isoInstant(text) {
  const [day, hour, ...more] = text.trim().split(/[T\s]+/);
  const iso = [isoDay(day), isoTime(hour ?? "")];
  return iso.every(Boolean) && more.length === 0 ? iso.join("T") : "";
}

const READ = { day: isoDay, time: isoTime, instant: isoInstant };
const dayShown = (iso) => (isYearFirst ? iso : iso.split("-").reverse().join("/"));

export function momentShown(kind, iso) {
  if (!iso || kind === "time") return iso ?? "";
  const [day, hour] = iso.split("T");
  return [dayShown(day), hour].filter(Boolean).join(" ");
}

// What a field says: ISO 8601, "" when it is empty or says nothing that can be read.
export const isoOf = (field) => READ[field.dataset.moment](field.value);
export const showIso = (field, iso) => (field.value = momentShown(field.dataset.moment, iso));

const DAY_MARKS = isYearFirst ? [[/^\d{4}$/, "-"], [/^\d{4}-\d{2}$/, "-"]] : [[/^\d{2}$/, "/"], [/^\d{2}\/\d{2}$/, "/"]];
const HOUR_MARK = [/^\d{2}$/, ":"];
const MARKS = {
  day: DAY_MARKS,
  time: [HOUR_MARK],
  instant: [...DAY_MARKS, [isYearFirst ? /^\d{4}-\d{2}-\d{2}$/ : /^\d{2}\/\d{2}\/\d{4}$/, " "], [/ \d{2}$/, ":"]],
};

// The strokes come by themselves while somebody types at the end; typed all the same, they stand there once.
export function guideTyping(field) {
  const kind = field.dataset.moment;
  field.addEventListener("input", (event) => {
    const isAtEnd = field.selectionStart === field.value.length;
    const once = field.value.replace(/([/:\- ])\1+/g, "$1");
    if (once !== field.value) field.value = once;
    if (!isAtEnd || event.inputType !== "insertText" || !/\d$/.test(once)) return;
    const mark = MARKS[kind].find(([written]) => written.test(once))?.[1];
    if (mark) field.value = once + mark;
  });
  field.addEventListener("change", () => isoOf(field) && showIso(field, isoOf(field)));
}
