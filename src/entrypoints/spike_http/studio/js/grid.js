// Tiles of creations, and tiles that can be dragged.

import { h } from './dom.js';
import { aspectRatio } from './rows.js';

// The tile of a creation: `picture` is {id, name, url, width, height}; `href` is where a click leads.
export function createTile(picture, { href }) {
  const image = h('img', {
    src: picture.url,
    alt: picture.name,
    width: picture.width,
    height: picture.height,
    loading: 'lazy',
    decoding: 'async',
    draggable: 'false',
  });
  const tile = h(
    'li',
    { class: 'tile', 'data-id': picture.id, vars: { ratio: aspectRatio(picture).toFixed(4) } },
    h('a', { href, draggable: 'true' }, image, h('span', { class: 'name', 'aria-hidden': 'true' }, picture.name)),
  );
  image.addEventListener('error', () => tile.classList.add('unavailable')); // most browsers can't decode TIFF and HEIC
  return tile;
}

// Lets tiles be dragged onto each other. `onOver(tile, event)` marks the target, `onDrop(id, tile, event)` acts on it;
// `onDropFile(file, tile)`, if there is one, gets files from outside the browser.
export function enableDragging(grid, { onOver, onDrop, onDropFile }, signal) {
  let draggedId;
  const tileAt = (event) => event.target.closest?.('.tile[data-id]');
  const clear = () => {
    for (const tile of grid.querySelectorAll('.drop-target, .drop-before, .drop-after'))
      tile.classList.remove('drop-target', 'drop-before', 'drop-after');
  };
  const listen = (name, listener) => grid.addEventListener(name, listener, { signal });
  listen('dragstart', (event) => {
    draggedId = tileAt(event)?.dataset.id;
    if (!draggedId) return;
    event.dataTransfer.effectAllowed = 'copyMove';
    event.dataTransfer.setData('text/plain', draggedId);
    event.dataTransfer.setDragImage(tileAt(event), 40, 40);
    tileAt(event).classList.add('dragging');
  });
  listen('dragover', (event) => {
    const tile = tileAt(event);
    clear();
    const hasFiles = onDropFile && event.dataTransfer.types.includes('Files');
    if (!tile || tile.dataset.id === draggedId || !(draggedId || hasFiles)) return;
    event.preventDefault();
    event.stopPropagation();
    onOver(tile, event);
  });
  listen('dragleave', clear);
  listen('drop', (event) => {
    const tile = tileAt(event);
    clear();
    const file = event.dataTransfer.files[0];
    if (!tile || tile.dataset.id === draggedId || !(draggedId || (onDropFile && file))) return;
    event.preventDefault();
    event.stopPropagation();
    draggedId ? onDrop(draggedId, tile, event) : onDropFile(file, tile);
  });
  listen('dragend', () => {
    grid.querySelector('.dragging')?.classList.remove('dragging');
    draggedId = undefined;
    clear();
  });
}

export const markDropTarget = (tile, text) => {
  tile.classList.add('drop-target');
  tile.dataset.dropText = text;
};
