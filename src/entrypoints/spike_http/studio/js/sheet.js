// The contact sheet: pictures in rows, to open, to pick, to drag.

import { on } from './bus.js';
import { bar, h, setBar } from './dom.js';
import { hasEnded } from './watch.js';

const RATIO = { least: 0.56, most: 2.4 };

export const ratioOf = ({ width, height }) => Math.min(RATIO.most, Math.max(RATIO.least, width / height)).toFixed(4);

// One place: `picture` is {id, name, url, width, height}, `href` where it leads.
export function print(picture, { href, picked, onpick, extra } = {}) {
  const image = h('img', {
    src: picture.url,
    alt: picture.name,
    width: picture.width,
    height: picture.height,
    loading: 'lazy',
    decoding: 'async',
    draggable: 'false',
  });
  const place = h(
    'li',
    { class: `print${picked ? ' picked' : ''}`, 'data-id': picture.id, vars: { ratio: ratioOf(picture) } },
    h('a', { href, draggable: 'true' }, image, h('span', { class: 'name', 'aria-hidden': 'true' }, picture.name)),
    onpick &&
      h(
        'label',
        { class: 'pick' },
        h('input', {
          type: 'checkbox',
          checked: picked,
          'aria-label': `Select ${picture.name}`,
          onchange: (event) => {
            place.classList.toggle('picked', event.target.checked);
            onpick(picture, event.target.checked);
          },
        }),
      ),
    extra,
  );
  image.addEventListener('error', () => place.classList.add('lost')); // a TIFF or HEIC, where the browser can't show it
  return place;
}

// Places show how far the jobs of their pictures are.
export function showJobs(sheet, signal) {
  on(
    'job',
    (job) => {
      const place = job.imageId && sheet.querySelector(`[data-id="${job.imageId}"]`);
      if (!place) return;
      const known = place.querySelector('.bar');
      if (hasEnded(job)) return known?.remove();
      const line = known ?? place.appendChild(bar('Being enhanced'));
      setBar(line, Math.max(0.06, job.progress / 100));
    },
    signal,
  );
}

// Drags within a sheet. `over(place, event)` answers what dropping there would do, or nothing; `drop(id, place, event)` does it.
export function draggable(sheet, { over, drop, files, leave }, signal) {
  let held;
  const placeOf = (event) => event.target.closest?.('.print[data-id]');
  const clear = () => {
    for (const place of sheet.querySelectorAll('.over, .before-me, .after-me'))
      place.classList.remove('over', 'before-me', 'after-me');
    leave?.();
  };
  const listen = (name, act) => sheet.addEventListener(name, act, { signal });
  listen('dragstart', (event) => {
    held = placeOf(event)?.dataset.id;
    if (!held) return;
    event.dataTransfer.effectAllowed = 'copyMove';
    event.dataTransfer.setData('text/plain', held);
    event.dataTransfer.setDragImage(placeOf(event).querySelector('img'), 40, 40);
    placeOf(event).classList.add('held');
  });
  listen('dragover', (event) => {
    const place = placeOf(event);
    clear();
    const hasFiles = files && event.dataTransfer.types.includes('Files');
    if (!place || place.dataset.id === held || !(held || hasFiles)) return;
    event.preventDefault();
    event.stopPropagation();
    over(place, event, held);
  });
  listen('dragleave', clear);
  listen('drop', (event) => {
    const place = placeOf(event);
    clear();
    const file = event.dataTransfer.files[0];
    if (!place || place.dataset.id === held || !(held || (files && file))) return;
    event.preventDefault();
    event.stopPropagation();
    held ? drop(held, place, event) : files(file, place);
  });
  listen('dragend', () => {
    sheet.querySelector('.held')?.classList.remove('held');
    held = undefined;
    clear();
  });
}

export const mark = (place, text) => {
  place.classList.add('over');
  place.dataset.over = text;
};
