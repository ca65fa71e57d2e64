// Calls to our own service: same origin, with the session's CSRF token, errors as one line of words.
import { has, t } from "./labels.js";

export class Refused extends Error {
  constructor(refusal, httpCode) {
    super(refusal.code ?? String(httpCode));
    this.code = refusal.code ?? "unknown";
    this.httpCode = httpCode;
    this.detailKey = refusal.detail_key ?? `refusal.${this.code}`;
    this.whatToDoKey = refusal.what_to_do_key ?? `refusal.${this.code}_do`;
    this.values = { code: `${this.code} ${httpCode}`, ...refusal.values };
  }

  get words() {
    const detail = has(this.detailKey) ? t(this.detailKey, this.values) : t("refusal.unknown", { code: this.code });
    const sentence = /[.。!?]$/.test(detail) ? detail : `${detail}.`;
    return has(this.whatToDoKey) ? `${sentence} ${t(this.whatToDoKey, this.values)}` : sentence;
  }
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", redirect: "manual", ...options });
  } catch {
    throw new Refused({ code: "no_service" }, 0);
  }
  if (answer.status === 401) window.location.assign(`/sign-in?next=${encodeURIComponent(window.location.pathname)}`);
  if (!answer.ok) throw new Refused(await answer.json().catch(() => ({})), answer.status);
  return answer.status === 204 ? null : answer.json();
}

export const read = (path) => ask(path, { headers: { Accept: "application/json" } });

export function send(path, body = {}) {
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  return ask(path, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": token },
    body: JSON.stringify(body),
  });
}
