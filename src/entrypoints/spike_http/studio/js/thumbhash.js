// Decodes a thumbhash, a picture's appearance in some 25 bytes: a few coefficients of a cosine transform of luminance, of two
// differences of colors, and of opacity. The format: https://evanw.github.io/thumbhash/

import { h } from './dom.js';

const SIDE = 16; // the result is stretched to the picture's shape anyway

// Returns ImageData of SIDE × SIDE pixels for base64, or undefined if it isn't a thumbhash.
export function decodeThumbhash(base64) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
  if (bytes.length < 5) return undefined;
  const head = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
  const tail = bytes[3] | (bytes[4] << 8);
  const hasAlpha = Boolean(head >> 23);
  const isLandscape = Boolean(tail >> 15);
  const longSide = hasAlpha ? 5 : 7;
  const columns = Math.max(3, isLandscape ? longSide : tail & 7);
  const rows = Math.max(3, isLandscape ? tail & 7 : longSide);
  let nibble = hasAlpha ? 12 : 10;
  const channel = (mean, scale, width, height) => {
    const terms = [{ x: 0, y: 0, value: mean }];
    for (let y = 0; y < height; y++)
      for (let x = y ? 0 : 1; x * height < width * (height - y); x++) {
        const value = ((bytes[nibble >> 1] ?? 0) >> ((nibble & 1) * 4)) & 15;
        nibble++;
        terms.push({ x, y, value: 2 * scale * (value / 7.5 - 1) });
      }
    return terms;
  };
  const luminance = channel((head & 63) / 63, ((head >> 18) & 31) / 31, columns, rows);
  const yellowBlue = channel(((head >> 6) & 63) / 31.5 - 1, (((tail >> 3) & 63) / 63) * 1.25, 3, 3);
  const redGreen = channel(((head >> 12) & 63) / 31.5 - 1, (((tail >> 9) & 63) / 63) * 1.25, 3, 3);
  const opacity = hasAlpha ? channel((bytes[5] & 15) / 15, (bytes[5] >> 4) / 15, 5, 5) : [{ x: 0, y: 0, value: 1 }];
  return draw(luminance, yellowBlue, redGreen, opacity);
}

function draw(...channels) {
  const [luminance, yellowBlue, redGreen, opacity] = channels.map(sums);
  const data = new Uint8ClampedArray(SIDE * SIDE * 4);
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
    const blue = luminance[pixel] - (2 / 3) * yellowBlue[pixel];
    const red = (3 * luminance[pixel] - blue + redGreen[pixel]) / 2;
    data[4 * pixel] = 255 * red;
    data[4 * pixel + 1] = 255 * (red - redGreen[pixel]);
    data[4 * pixel + 2] = 255 * blue;
    data[4 * pixel + 3] = 255 * opacity[pixel];
  }
  return new ImageData(data, SIDE);
}

const COSINES = Array.from({ length: 8 }, (_, frequency) =>
  Array.from({ length: SIDE }, (__, place) => Math.cos((Math.PI / SIDE) * (place + 0.5) * frequency)),
);
// the sum of a channel's terms at each pixel; plain loops, since a hundred pictures arrive between two frames
function sums(terms) {
  const totals = new Float32Array(SIDE * SIDE);
  for (const { x, y, value } of terms)
    for (let row = 0; row < SIDE; row++) {
      const ofRow = value * COSINES[y][row];
      for (let column = 0; column < SIDE; column++) totals[row * SIDE + column] += ofRow * COSINES[x][column];
    }
  return totals;
}

// Draws a thumbhash, or hides the canvas where there is none.
export function drawThumbhash(canvas, base64) {
  const pixels = base64 && decodeThumbhash(base64);
  canvas.hidden = !pixels;
  if (canvas.width !== SIDE) Object.assign(canvas, { width: SIDE, height: SIDE }); // it showed a file
  if (pixels) canvas.getContext('2d').putImageData(pixels, 0, 0);
}

export const thumbhashCanvas = () => h('canvas', { width: SIDE, height: SIDE, 'aria-hidden': 'true', hidden: true });
