// UUIDv7 (RFC 9562, 6.2 method 1): names that sort by their making, also within one millisecond and when the clock is set back.
let last_ms = 0, count = 0;

export function uuid7(at_ms = Date.now()) {
  const noise = crypto.getRandomValues(new Uint8Array(10));
  if (at_ms > last_ms) {
    last_ms = at_ms;
    count = ((noise[8] << 8) | noise[9]) & 0x7ff;
  } else if ((count += 1) > 0xfff) {
    last_ms += 1;
    count = 0;
  }
  const time = last_ms.toString(16).padStart(12, "0");
  const tail = [(noise[0] & 0x3f) | 0x80, ...noise.slice(1, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count.toString(16).padStart(3, "0")}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}
