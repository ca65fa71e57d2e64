// The PIN that unlocks the device while the edge is out of reach. It is chosen for one permit, means nothing anywhere else,
// and is not the officer's PIN of the workstations: what lies on a device that can be stolen must not open a gate.
// A slow hash and a key of the device that no script can read make each guess dear; a delay that grows makes it slow.
const ROUNDS = 600000, FREE_MISTAKES = 5, FIRST_WAIT_MS = 5000, LONGEST_WAIT_MS = 900000;
export const MOST_MISTAKES = 10;

export const isPin = (text) => /^\d{6,12}$/.test(text);

export function isGuessable(pin) {
  const steps = new Set([...pin].slice(1).map((digit, place) => (Number(digit) - Number(pin[place]) + 10) % 10));
  return new Set(pin).size < 3 || [...steps].every((step) => step === 1) || [...steps].every((step) => step === 9);
}

async function verifier(pin, salt, pepper) {
  const secret = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS }, secret, 256);
  return new Uint8Array(await crypto.subtle.sign("HMAC", pepper, bits));
}

export async function makePin(pin, pepper) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  return { salt, verifier: await verifier(pin, salt, pepper), mistakes: 0, wait_until_ms: 0 };
}

export async function isRight(pin, lock, pepper) {
  const given = await verifier(pin, lock.salt, pepper);
  return given.reduce((differences, byte, place) => differences | (byte ^ lock.verifier[place]), 0) === 0;
}

// What a wrong PIN leaves: the wait doubles; after ten only a sign-in at the edge helps.
export function afterMistake(lock, now_ms) {
  const mistakes = lock.mistakes + 1, over = mistakes - FREE_MISTAKES;
  const wait_ms = over < 0 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** over);
  return { ...lock, mistakes, wait_until_ms: now_ms + wait_ms };
}
