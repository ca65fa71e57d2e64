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

async function reach(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", redirect: "manual", ...options });
  } catch {
    throw new Refused({ code: "no_service" }, 0);
  }
  if (answer.status === 401) window.location.assign(`/sign-in?next=${encodeURIComponent(window.location.pathname)}`);
  if (!answer.ok) throw new Refused(await answer.json().catch(() => ({})), answer.status);
  return answer;
}

async function ask(path, options) {
  const answer = await reach(path, options);
  return answer.status === 204 ? null : answer.json();
}

export const read = (path) => ask(path, { headers: { Accept: "application/json" } });

function posted(body, accept) {
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  return { method: "POST", headers: { Accept: accept, "Content-Type": "application/json", "X-CSRF-Token": token }, body: JSON.stringify(body) };
}

export const send = (path, body = {}) => ask(path, posted(body, "application/json"));

// A file that is made by a POST, because making it is written down: asked for, then saved under a name.
export async function download(path, { name, body = {} }) {
  const answer = await reach(path, posted(body, "*/*"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
