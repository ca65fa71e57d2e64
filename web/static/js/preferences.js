// Language (F9), theme (Shift and F9), sign-out (F12): the same keys and buttons on every page; and what is wrong with a field.
import "./clocks.js";
import "./faults.js";
import { find } from "./elements.js";

const next = { vi: "en", en: "zh", zh: "vi", auto: "dark", dark: "light", light: "auto" };
const root = document.documentElement;

async function prefer(name, choice) {
  await fetch("/preferences", { method: "POST", body: new URLSearchParams({ [name]: choice }), redirect: "manual" });
  window.location.reload();
}

export const turnLanguage = () => prefer("language", next[root.dataset.language]);
export const turnTheme = () => prefer("theme", next[root.dataset.theme]);

export async function signOut() {
  const token = document.querySelector("meta[name=csrf-token]")?.content;
  if (!token) return;
  await fetch("/sign-out", { method: "POST", headers: { "X-CSRF-Token": token } });
  window.location.assign("/sign-in");
}

find("language")?.addEventListener("click", turnLanguage);
find("theme")?.addEventListener("click", turnTheme);
find("sign-out")?.addEventListener("click", signOut);
document.addEventListener("keydown", (event) => {
  const action = { F9: event.shiftKey ? turnTheme : turnLanguage, F12: signOut }[event.key];
  if (!action || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  action();
});
