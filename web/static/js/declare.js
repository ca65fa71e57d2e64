// What the declaration's page can do more where there is a script: keep a draft on this phone, notice that there
// is no network before anything is lost, keep the code for the lane, and clear a kiosk. Without it all is plain forms.
import { guideTyping } from "./moments.js";

const DRAFT = "kd-declaration-draft", KEPT = "kd-declaration-code";
const DRAFT_MS = 24 * 3600 * 1000, KIOSK_MS = 60 * 1000, SAVE_AFTER_MS = 400;
const root = document.documentElement;
const isKiosk = root.dataset.kiosk === "yes";
const find = (id) => document.getElementById(id);

function load(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}
function store(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // A phone that keeps nothing still declares.
  }
}

// A kiosk belongs to nobody: nothing is kept, and after a minute without a touch the next person finds it empty.
function clearWhenIdle() {
  store(DRAFT, null);
  store(KEPT, null);
  const begin = () => window.location.replace("/declare?kiosk=1");
  let timer = setTimeout(begin, KIOSK_MS);
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(begin, KIOSK_MS);
  };
  for (const kind of ["pointerdown", "keydown", "input", "scroll"]) document.addEventListener(kind, again, { passive: true });
  window.addEventListener("pageshow", (event) => event.persisted && begin());
}

function answersOf(form) {
  const answers = [...new FormData(form)].filter(([name]) => !["language", "kiosk", "csrf_token"].includes(name));
  return Object.fromEntries(answers);
}

function restore(form, answers) {
  for (const [name, text] of Object.entries(answers)) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === text;
      else field.value = text;
    }
  }
  for (const more of form.querySelectorAll("details")) more.open = [...more.querySelectorAll("select")].some((one) => one.value);
}

function keepDraft(form) {
  const kept = load(DRAFT);
  const isFresh = kept && Date.now() - kept.at < DRAFT_MS;
  if (kept && !isFresh) store(DRAFT, null);
  if (isFresh && form.dataset.restores === "yes") restore(form, kept.answers);
  find("draft").hidden = false;
  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => store(DRAFT, { at: Date.now(), answers: answersOf(form) }), SAVE_AFTER_MS);
  });
  form.addEventListener("submit", () => store(DRAFT, { at: Date.now(), answers: answersOf(form) }));
  find("draft-clear").addEventListener("click", () => {
    clearTimeout(timer);
    store(DRAFT, null);
    window.location.reload();
  });
}

// A browser that cannot reach us would throw the page away: look first, and stay where the answers are.
function sendWhenReached(form) {
  let isSending = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isSending) return;
    isSending = true;
    try {
      await fetch("/declare", { method: "GET", cache: "no-store", signal: AbortSignal.timeout(8000) });
      find("offline").hidden = true;
      form.submit();
    } catch {
      isSending = false;
      find("offline").hidden = false;
      find("offline").scrollIntoView({ block: "center" });
    }
  });
  window.addEventListener("pageshow", () => (isSending = false));
}

// Each error once more at the top, as a link to its field.
function listFaults(summary) {
  const list = document.createElement("ul");
  for (const fault of document.querySelectorAll(".fault")) {
    const name = fault.id.replace(/-fault$/, "");
    const holder = fault.closest(".question") ?? fault.closest(".field");
    const link = document.createElement("a");
    link.href = `#${name}`;
    link.textContent = `${holder.querySelector("legend, label").textContent.replace("*", "").trim()}: ${fault.textContent}`;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      for (const more of document.querySelectorAll("details")) if (more.contains(fault)) more.open = true;
      (holder.querySelector("input, select") ?? holder).focus();
      holder.scrollIntoView({ block: "center" });
    });
    const line = document.createElement("li");
    line.append(link);
    list.append(line);
  }
  summary.append(list);
  summary.focus();
}

function keepCode(done) {
  store(DRAFT, null);
  const code = done.querySelector(".qr");
  const [ground, marks] = [...code.querySelectorAll("path")].map((path) => path.getAttribute("d"));
  if (!isKiosk) store(KEPT, { box: code.getAttribute("viewBox"), ground, marks, expires: done.dataset.expires, until: done.dataset.until });
  find("print").hidden = false;
  find("print").addEventListener("click", () => window.print());
}

function showKept(section) {
  const kept = load(KEPT);
  if (!kept) return;
  if (Date.parse(kept.expires) < Date.now()) {
    store(KEPT, null);
    return;
  }
  const code = find("kept-code");
  code.setAttribute("viewBox", kept.box);
  const [ground, marks] = code.querySelectorAll("path");
  ground.setAttribute("d", kept.ground);
  marks.setAttribute("d", kept.marks);
  find("kept-until").textContent = section.dataset.until.replace("{valid_until}", kept.until);
  section.hidden = false;
}

if (isKiosk) clearWhenIdle();
const form = find("form");
if (form) {
  if (!isKiosk && find("draft")) keepDraft(form);
  sendWhenReached(form);
  for (const field of form.querySelectorAll("[data-moment]")) guideTyping(field);
}
if (find("summary")) listFaults(find("summary"));
if (find("done")) keepCode(find("done"));
else if (!isKiosk && find("kept")) showKept(find("kept"));
