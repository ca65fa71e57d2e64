// Numbers, dates and times as the page's language writes them. Times are those of Viet Nam.
const language = document.documentElement.dataset.language;
const locale = { vi: "vi-VN", en: "en-GB", zh: "zh-CN" }[language] ?? "vi-VN";
const zone = "Asia/Ho_Chi_Minh";
// "negative": what rounds to nought has no sign.
const integers = new Intl.NumberFormat(locale, { signDisplay: "negative", maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(locale, { signDisplay: "negative", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat(locale, { signDisplay: "negative", minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percents = new Intl.NumberFormat(locale, { signDisplay: "negative", maximumFractionDigits: 1 });
const times = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
const seconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: zone });
const days = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "2-digit", year: "numeric", timeZone: zone });
const DATE_ORDER = language === "zh" ? (d, m, y) => `${y}-${m}-${d}` : (d, m, y) => `${d}/${m}/${y}`;
const DAY_MONTH_ORDER = language === "zh" ? (d, m) => `${m}-${d}` : (d, m) => `${d}/${m}`;
// A date alone ("2026-11-22") has no zone; noon in Viet Nam keeps it on its day.
const dayParts = (value) => days.format(new Date(typeof value === "string" && value.length === 10 ? `${value}T12:00:00+07:00` : value)).split("/");

const isMissing = (value) => value === null || value === undefined || value === "";
export const integer = (value) => (isMissing(value) ? "—" : integers.format(value));
export const tenth = (value) => (isMissing(value) ? "—" : tenths.format(value));
export const celsius = (value) => (isMissing(value) ? "—" : `${tenths.format(value)}\u00a0°C`);
// Beside a threshold: a second decimal where rounding would make a smaller number look equal to it.
export const celsiusBeside = (value, threshold) => (isMissing(value) || isMissing(threshold) || value === threshold || tenths.format(value) !== tenths.format(threshold) ? celsius(value) : `${hundredths.format(value)}\u00a0°C`);
// A share that is not full is never rounded up to 100 %.
export const hundredth = (value) => (isMissing(value) ? "—" : hundredths.format(value));
export const percent = (ratio) => (isMissing(ratio) ? "—" : `${percents.format(ratio >= 1 ? 100 : Math.floor(ratio * 1000) / 10)}\u00a0%`);
export const time = (value) => (isMissing(value) ? "—" : times.format(new Date(value)));
export const timeWithSeconds = (value) => (isMissing(value) ? "—" : seconds.format(new Date(value)));
export const date = (value) => (isMissing(value) ? "—" : DATE_ORDER(...dayParts(value)));
export const dayMonth = (value) => (isMissing(value) ? "—" : DAY_MONTH_ORDER(...dayParts(value)));
// A time alone for today, with its date otherwise.
export const timeOrDate = (value) => (isMissing(value) ? "—" : dayParts(value).join() === dayParts(Date.now()).join() ? time(value) : dateTime(value));
export const dateTime = (value) => (isMissing(value) ? "—" : `${time(value)} ${date(value)}`);

// 4:48, 1:20:05 or 47:22 h; below zero with a minus sign. Two forms: with seconds below an hour.
export function duration(total_s) {
  if (isMissing(total_s)) return "—";
  const sign = total_s < 0 ? "−" : "";
  const whole = Math.floor(Math.abs(total_s));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (part) => String(part).padStart(2, "0");
  return parts[0] > 0 ? `${sign}${parts[0]}:${two(parts[1])}:${two(parts[2])}` : `${sign}${parts[1]}:${two(parts[2])}`;
}

export function shown(name, value) {
  if (isMissing(value)) return "—";
  if (name.endsWith("_c")) return tenth(value);
  if (name.endsWith("_at")) return timeOrDate(value);
  if (name.endsWith("_on")) return date(value);
  if (name.endsWith("_s")) return integer(Math.ceil(value));
  return typeof value === "number" ? integer(value) : String(value);
}

// What a reader searches for: small letters, and without the marks that a keyboard at a gate may lack.
export const plain = (text) => text.toLocaleLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replaceAll("đ", "d");
