// Shows uploaded files in the grid until their thumbnails are made.

import { on } from './events.js';

const FILES_MAX = 500; // the browser keeps where they are, not what is in them
const BITMAPS_MAX = 60; // of half a MB each
const SIDE_PX = 400;

const files = new Map(); // image id → file
const bitmaps = new Map(); // image id → what was decoded
let queue = Promise.resolve();

export function keepFile(id, file) {
  files.set(id, file);
  if (files.size > FILES_MAX) forgetFile(files.keys().next().value);
}
export const hasFile = (id) => files.has(id);
export function forgetFile(id) {
  files.delete(id);
  forgetBitmap(id);
}
function forgetBitmap(id) {
  bitmaps.get(id)?.close();
  bitmaps.delete(id);
}

// Draws the file of an entry and returns true, if there is one. A picture may take 200 MB while it is decoded, so they are decoded one
// after another, if `isWanted()` still holds in their turn. What the browser can't decode isn't drawn.
export function drawFile(canvas, { id, width, height }, isWanted) {
  const draw = () => {
    const bitmap = bitmaps.get(id);
    if (!bitmap) return;
    Object.assign(canvas, { width: bitmap.width, height: bitmap.height, hidden: false });
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
  };
  if (bitmaps.has(id)) draw();
  else if (files.has(id))
    queue = queue
      .then(async () => {
        if (!files.has(id) || !isWanted()) return;
        if (!bitmaps.has(id)) await decode(id, width > height ? 'resizeWidth' : 'resizeHeight');
        if (isWanted()) draw();
      })
      .catch(() => forgetFile(id)); // the next ones are drawn all the same
  return files.has(id);
}

async function decode(id, side) {
  const bitmap = await createImageBitmap(files.get(id), { [side]: SIDE_PX });
  if (!files.has(id)) return bitmap.close(); // forgotten meanwhile
  bitmaps.set(id, bitmap);
  if (bitmaps.size > BITMAPS_MAX) forgetBitmap(bitmaps.keys().next().value);
}

on('signed-out', () => [...files.keys()].forEach(forgetFile));
