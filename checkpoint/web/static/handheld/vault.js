// What the device keeps: who it is, under which permit it works, and what was done on it and is not at the edge yet.
// Acts lie here sealed (AES-GCM) under a key that no script can read out; each is written to the disk before it counts as kept.
const NAME = "kiemdich-handheld", VERSION = 1, STORES = ["device", "permits", "acts", "marks", "receipts"];
let opening = null;

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

export function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => STORES.forEach((name) => request.result.createObjectStore(name));
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opening;
}

// One transaction; resolves when it is on the disk, not when it was asked for.
async function change(names, work) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(names, "readwrite", { durability: "strict" });
    let result;
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = () => reject(transaction.error);
    result = work((name) => transaction.objectStore(name));
  });
}

async function look(name, ask) {
  const database = await open();
  return done(ask(database.transaction(name).objectStore(name)));
}

export const read = (name, key) => look(name, (store) => store.get(key));
export const readAll = (name) => look(name, (store) => store.getAll());
export const put = (name, key, value) => change([name], (store) => void store(name).put(value, key));

// The device's own secrets: none of them can be exported, by anybody.
export async function makeDevice() {
  const signing = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", signing.publicKey));
  return {
    signingKey: signing.privateKey,
    public_key: [...point].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    sealingKey: await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]),
    pepper: await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
  };
}

// What was half typed when the device was locked: sealed like an act, so that no part of a page holds it meanwhile.
const DRAFT = "draft";
export const keepDraft = async (device, draft) => put("marks", DRAFT, { act_id: DRAFT, ...(await sealed(device, { act_id: DRAFT, ...draft })) });
export async function takeDraft(device) {
  const kept = await read("marks", DRAFT);
  if (!kept) return null;
  await put("marks", DRAFT, undefined);
  return unsealed(device, kept);
}

const associated = (act_id) => new TextEncoder().encode(`kiemdich/handheld-act/v1\n${act_id}`);

async function sealed(device, act) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const content = new TextEncoder().encode(JSON.stringify(act));
  return { iv, bytes: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: associated(act.act_id) }, device.sealingKey, content) };
}

export async function unsealed(device, kept) {
  const algorithm = { name: "AES-GCM", iv: kept.iv, additionalData: associated(kept.act_id) };
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, device.sealingKey, kept.bytes)));
}

// kept: what may lie here in the open, {act_id, kind, outcome, kept_ms, refusal}; the act itself is sealed.
export async function keepAct(device, act, about) {
  const kept = { act_id: act.act_id, ...about, ...(await sealed(device, act)) };
  await put("acts", act.act_id, kept);
  return kept;
}

// refused_ms: since when it is refused. An act that was put right meanwhile, in another window, is left as it is.
export const noteRefused = (kept, refusal) =>
  changeKept(kept, (store) => store("acts").put({ ...kept, refusal, refused_ms: kept.refused_ms ?? Date.now() }, kept.act_id));

// Changes what is kept of an act if it is still the one that was sent: its seal is made anew with each putting right.
async function changeKept(kept, work, others = []) {
  const isSame = (now) => now && now.iv.every((byte, place) => byte === kept.iv[place]);
  await change(["acts", ...others], (store) => {
    store("acts").get(kept.act_id).onsuccess = (event) => isSame(event.target.result) && work(store);
  });
}

// The edge has it: the person's part is gone from here in the same transaction in which the receipt is written.
export async function finish(kept, receipt, most) {
  const settled = (store) => {
    store("acts").delete(kept.act_id);
    store("receipts").put({ ...receipt, kind: kept.kind, kept_ms: kept.kept_ms }, kept.act_id);
  };
  await changeKept(kept, settled, ["receipts"]);
  const keys = await look("receipts", (store) => store.getAllKeys());
  if (keys.length > most) await change(["receipts"], (store) => keys.slice(0, keys.length - most).forEach((key) => store("receipts").delete(key)));
}

// Uuid7 keys sort by their making: a crossing comes before the recheck of its alarm.
export const keptActs = () => readAll("acts");

// Nothing of this device is left: its keys first, so that what a disk may still hold of the rest cannot be read.
export const wipe = () => change(STORES, (store) => STORES.forEach((name) => void store(name).clear()));
