// Shows uploaded files in the grid until their thumbnails are made.

import { on } from './events.js';

const FILES_MAX = 500; // the browser keeps where they are, not what is in them
const SIDE_PX = 400;

const files = new Map(); // image id → file
let queue = Promise.resolve();

export function keepFile(id, file) {
  files.set(id, file);
  if (files.size > FILES_MAX) forgetFile(files.keys().next().value);
}
export const forgetFile = (id) => files.delete(id);

// Draws the file of an entry and returns true, if there is one. A picture may take 200 MB while it is decoded, so they are drawn one
// after another, if `isWanted()` still holds in their turn. What the browser can't decode isn't drawn.
export function drawFile(canvas, { id, width, height }, isWanted) {
  if (!files.has(id)) return false;
  queue = queue.then(async () => {
    if (!files.has(id) || !isWanted()) return;
    const side = width > height ? 'resizeWidth' : 'resizeHeight';
    const bitmap = await createImageBitmap(files.get(id), { [side]: SIDE_PX }).catch(() => undefined);
    if (!bitmap) return forgetFile(id);
    if (isWanted()) {
      Object.assign(canvas, { width: bitmap.width, height: bitmap.height, hidden: false });
      canvas.getContext('2d').drawImage(bitmap, 0, 0);
    }
    bitmap.close();
  });
  return true;
}

on('signed-out', () => files.clear());
