// A palette like inferno: black, violet, red, orange, pale yellow. The one place where warmth becomes colour.
const STOPS = [[0, 0, 4], [22, 11, 57], [66, 10, 104], [106, 23, 110], [147, 38, 103], [188, 55, 84], [221, 81, 58], [243, 120, 25], [252, 165, 10], [246, 215, 70], [252, 255, 164]];
const PALETTE = new Uint8ClampedArray(256 * 3);
for (let index = 0; index < 256; index += 1) {
  const place = (index / 255) * (STOPS.length - 1), from = Math.min(STOPS.length - 2, Math.floor(place)), part = place - from;
  for (let channel = 0; channel < 3; channel += 1) PALETTE[index * 3 + channel] = STOPS[from][channel] + (STOPS[from + 1][channel] - STOPS[from][channel]) * part;
}

// share: 0 is the coldest, 1 the warmest. Gives red, green and blue.
export function shadeOf(share) {
  const shade = Math.max(0, Math.min(255, Math.round(share * 255)));
  return PALETTE.subarray(shade * 3, shade * 3 + 3);
}
