// One measurement of a Bluetooth health thermometer (service 0x1809, characteristic 0x2A1C), read from its bytes.
// The value is a FLOAT of IEEE 11073: 24 bits of mantissa and 8 of exponent, both signed. What is no number is null.
const NOT_A_NUMBER = new Set([0x7fffff, 0x800000, 0x7ffffe, 0x800002, 0x800001]);
const SITES = { 1: "axillary", 3: "ear", 6: "oral", 9: "ear" };

export function float11073(view, offset) {
  const raw = view.getUint8(offset) | (view.getUint8(offset + 1) << 8) | (view.getUint8(offset + 2) << 16);
  if (NOT_A_NUMBER.has(raw)) return null;
  const mantissa = raw >= 0x800000 ? raw - 0x1000000 : raw, exponent = view.getInt8(offset + 3);
  // A power of ten below nought is no binary fraction: divide, so that 365 · 10⁻¹ is 36.5 and not 36.500000000000004.
  return exponent < 0 ? mantissa / 10 ** -exponent : mantissa * 10 ** exponent;
}

// {temperature_c, measured_at, site}: the last two null where the device does not say. Too short a message is null.
export function readMeasurement(view) {
  if (view.byteLength < 5) return null;
  const flags = view.getUint8(0), value = float11073(view, 1);
  if (value === null) return null;
  const temperature_c = flags & 1 ? Math.round(((value - 32) * 500) / 9) / 100 : value;
  let offset = 5, measured_at = null, site = null;
  if (flags & 2) {
    if (view.byteLength < offset + 7) return null;
    measured_at = timeIn(view, offset);
    offset += 7;
  }
  if (flags & 4 && view.byteLength > offset) site = SITES[view.getUint8(offset)] ?? null;
  return { temperature_c, measured_at, site };
}

function timeIn(view, offset) {
  const year = view.getUint16(offset, true), parts = [2, 3, 4, 5, 6].map((place) => view.getUint8(offset + place));
  if (!year || !parts[0] || !parts[1]) return null;
  const [month, day, hour, minute, second] = parts.map((part) => String(part).padStart(2, "0"));
  return `${year}-${month}-${day}T${hour}:${minute}:${second}`;
}
