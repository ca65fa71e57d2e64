// Words of the page's language, from the data block that the server filled. A missing word shows its key,
// so that it is seen and mended; a test holds the three languages complete.
import { shown } from "./format.js";

const labels = JSON.parse(document.getElementById("labels").textContent);
export const language = document.documentElement.dataset.language;

export function has(key) {
  const dot = key.indexOf(".");
  return labels[key.slice(0, dot)]?.[key.slice(dot + 1)] !== undefined;
}

// t("lane.saved", {number: 7}): values are shown by the unit their name ends with (_c, _s, _at, _on).
export function t(key, values = {}) {
  const dot = key.indexOf(".");
  const text = labels[key.slice(0, dot)]?.[key.slice(dot + 1)];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? shown(name, values[name]) : whole));
}

export function word(section, slug) {
  return slug === null || slug === undefined || slug === "" ? "—" : has(`${section}.${slug}`) ? t(`${section}.${slug}`) : String(slug);
}

// Names of places come in all languages: {vi, en, zh}, or as one string.
export function placeName(name) {
  if (name === null || name === undefined) return "—";
  return typeof name === "string" ? name : name[language] ?? name.vi ?? "—";
}
