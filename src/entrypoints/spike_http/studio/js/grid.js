// The grid of pictures: tiles to open, select and drag.

import { h, progressBar, setProgress } from './dom.js';
import { on } from './events.js';
import { isFinished } from './job_polling.js';
import { showError } from './toasts.js';

const RATIO_RANGE = { min: 0.56, max: 2.4 };

export const aspectRatio = ({ width, height }) =>
  Math.min(RATIO_RANGE.max, Math.max(RATIO_RANGE.min, width / height)).toFixed(4);

// `picture` is {id, name, url, width, height}; `href` is where a click leads; `extra` is an element to append.
export function createTile(picture, { href, isSelected, onSelect, extra } = {}) {
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
    { class: `tile${isSelected ? ' selected' : ''}`, 'data-id': picture.id, vars: { ratio: aspectRatio(picture) } },
    h('a', { href, draggable: 'true' }, image, h('span', { class: 'name', 'aria-hidden': 'true' }, picture.name)),
    onSelect &&
      h(
        'label',
        { class: 'select-box' },
        h('input', {
          type: 'checkbox',
          checked: isSelected,
          'aria-label': `Select ${picture.name}`,
          onchange: (event) => {
            tile.classList.toggle('selected', event.target.checked);
            onSelect(picture, event.target.checked);
          },
        }),
      ),
    extra,
  );
  image.addEventListener('error', () => tile.classList.add('unavailable')); // most browsers can't decode TIFF and HEIC
  return tile;
}

// Below a grid of which there is another page; disabled while that is fetched.
export function loadMoreButton(loadMore) {
  const onclick = async () => {
    button.disabled = true;
    await loadMore().catch(showError);
    button.disabled = false;
  };
  const button = h('button', { type: 'button', class: 'button', onclick }, 'Show more');
  return h('div', { class: 'load-more' }, button);
}

// Shows the progress of jobs on the tiles of their images.
export function showJobProgress(grid, signal) {
  on(
    'job',
    (job) => {
      const tile = job.imageId && grid.querySelector(`[data-id="${job.imageId}"]`);
      if (!tile) return;
      const existing = tile.querySelector('.progress');
      if (isFinished(job)) return existing?.remove();
      const progress = existing ?? tile.appendChild(progressBar('Enhancing'));
      setProgress(progress, Math.max(0.06, job.progress / 100));
    },
    signal,
  );
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
    event.dataTransfer.setDragImage(tileAt(event).querySelector('img'), 40, 40);
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
