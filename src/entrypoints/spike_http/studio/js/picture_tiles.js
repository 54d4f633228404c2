// The tiles of a grid of pictures: names, placeholders and thumbnails, requested for those that are elements, marks and progress.

import { h, progressBar, replaceContent, setProgress } from './dom.js';
import { on } from './events.js';
import { RENEWED_BEFORE_MS, reportLost } from './images.js';
import { isFinished } from './job_polling.js';
import { thumbhashCanvas } from './thumbhash.js';

const FILL_EVERY_MS = 80;
const FAST_PX = 1.5; // windows per interval: faster than that no one sees what would be requested
const WAIT_MS = 1500; // until a thumbnail that wasn't made yet is asked for again
const WAITS_MAX = 4;
const DETAILS_MAX = 100; // per request, as the API allows

// As for `virtualGrid`; `element` is the grid, `indexOf` maps ids to indexes of entries.
export function pictureTiles({ element, source, hrefOf, selection, extraOf, indexOf }, signal) {
  const pictures = new Map(); // id → picture
  const tiles = new Map(); // id → {tile, link, entry, image}
  const running = new Map(); // id → progress of its job, 0 to 1
  const failures = new Map(); // id → how often its picture couldn't be loaded
  let lastTop = 0;
  let fillTimer;
  let isFetching = false;

  function create(entry, index, tileWidth, column) {
    const link = h('a', {
      href: hrefOf(entry),
      draggable: 'true',
      tabindex: -1,
      'data-link': true,
      'aria-label': `Picture ${index + 1}`,
    });
    const tile = h(
      'div',
      {
        class: 'tile',
        role: 'gridcell',
        'aria-colindex': column,
        'data-id': entry.id,
        vars: { width: `${tileWidth}px` },
      },
      link,
    );
    if (selection) {
      const input = h('input', { type: 'checkbox', tabindex: -1, 'aria-label': `Select picture ${index + 1}` });
      input.addEventListener('click', (event) => selection.toggle(indexOf.get(entry.id), { isRange: event.shiftKey }));
      tile.append(h('label', { class: 'select-box' }, input));
    }
    const extra = extraOf?.(entry, index);
    if (extra) tile.append(extra);
    tiles.set(entry.id, { tile, link, entry });
    const picture = pictures.get(entry.id);
    if (picture) describe(picture);
    renderSelected(entry.id);
    renderProgress(entry.id);
    return tile;
  }

  // shows the name and the thumbhash; the picture itself comes with `fill`
  function describe(picture) {
    const { tile, link, entry } = tiles.get(picture.id);
    link.href = hrefOf(entry); // it may lead to the picture itself
    replaceContent(
      link,
      thumbhashCanvas(picture.thumbhash),
      h('span', { class: 'name', 'aria-hidden': 'true' }, picture.name),
    );
    tiles.get(picture.id).image = undefined;
    link.setAttribute('aria-label', picture.name);
    tile.querySelector('.select-box input')?.setAttribute('aria-label', `Select ${picture.name}`);
    if (failures.get(picture.id) > 1) tile.classList.add('unavailable');
  }

  function showImage(picture) {
    const known = tiles.get(picture.id);
    const { tile, link, entry } = known;
    if (known.image || tile.classList.contains('unavailable') || !picture.url) return;
    const image = h('img', {
      alt: '',
      width: entry.width,
      height: entry.height,
      decoding: 'async',
      draggable: 'false',
    });
    known.image = image;
    image.addEventListener('load', () => {
      tile.classList.add('loaded');
      link.querySelector('canvas')?.remove();
    });
    image.addEventListener('error', () => {
      const count = (failures.get(picture.id) ?? 0) + 1;
      failures.set(picture.id, count);
      image.remove();
      known.image = undefined;
      if (count > 1) return tile.classList.add('unavailable'); // most browsers can't decode TIFF and HEIC
      reportLost(picture);
      pictures.delete(picture.id); // its link may have ended
      return fillSoon();
    });
    image.src = picture.url;
    link.prepend(image);
  }

  // Requests the names and URLs of the tiles that have none, or whose links are about to end, and loads the pictures.
  async function fill() {
    fillTimer = undefined;
    if (signal.aborted || !element.isConnected) return;
    const moved = Math.abs(scrollY - lastTop);
    lastTop = scrollY;
    if (moved > FAST_PX * innerHeight) {
      fillTimer = setTimeout(fill, FILL_EVERY_MS);
      return;
    }
    const wanted = [];
    for (const { entry } of tiles.values()) {
      const picture = pictures.get(entry.id);
      if (!picture || picture.until < Date.now() + RENEWED_BEFORE_MS) wanted.push(entry);
      else showImage(picture);
    }
    if (!wanted.length || isFetching) return;
    isFetching = true;
    try {
      await fetchDetails(inOrder(wanted).slice(0, DETAILS_MAX));
    } catch (error) {
      if (!signal.aborted) source.onError(error);
      return;
    } finally {
      isFetching = false;
    }
    fillSoon();
  }
  const inOrder = (entries) => entries.sort((one, other) => indexOf.get(one.id) - indexOf.get(other.id));
  const waits = new Map(); // id → how often its thumbnail wasn't made yet

  async function fetchDetails(entries) {
    const found = await source.details(entries, (entry) => source.entries[indexOf.get(entry.id) - 1]);
    const missing = new Set(entries.map(({ id }) => id));
    for (const picture of found) {
      missing.delete(picture.id);
      picture.until = Math.max(picture.until, Date.now() + 2 * RENEWED_BEFORE_MS); // a link may be shorter than that
      pictures.set(picture.id, picture);
      if (tiles.has(picture.id)) describe(picture);
      if (!picture.url) waitForThumbnail(picture);
    }
    // deleted meanwhile, elsewhere: it stays as an empty tile until the next visit
    for (const id of missing) pictures.set(id, { id, name: 'Deleted', until: Number.POSITIVE_INFINITY });
  }

  // a thumbnail is made soon after the upload; where it never is, the original is shown
  function waitForThumbnail(picture) {
    const count = (waits.get(picture.id) ?? 0) + 1;
    waits.set(picture.id, count);
    if (count > WAITS_MAX) picture.url = picture.originalUrl;
    else
      setTimeout(() => {
        if (pictures.get(picture.id) === picture && !signal.aborted) picture.until = 0;
        fillSoon();
      }, WAIT_MS * count);
  }

  function renderSelected(id) {
    const known = tiles.get(id);
    if (!known || !selection) return;
    const isSelected = selection.has(id);
    known.tile.classList.toggle('selected', isSelected);
    known.tile.setAttribute('aria-selected', isSelected);
    known.tile.querySelector('.select-box input').checked = isSelected;
  }
  function renderProgress(id) {
    const tile = tiles.get(id)?.tile;
    if (!tile) return;
    const existing = tile.querySelector('.progress');
    if (!running.has(id)) return existing?.remove();
    setProgress(existing ?? tile.appendChild(progressBar('Enhancing')), Math.max(0.06, running.get(id)));
  }

  function fillSoon() {
    fillTimer ??= setTimeout(fill, lastTop === scrollY ? 0 : FILL_EVERY_MS);
  }
  signal.addEventListener('abort', () => clearTimeout(fillTimer));
  on(
    'job',
    (job) => {
      if (!job.imageId) return;
      isFinished(job) ? running.delete(job.imageId) : running.set(job.imageId, job.progress / 100);
      renderProgress(job.imageId);
    },
    signal,
  );
  selection?.onChange(() => {
    for (const id of tiles.keys()) renderSelected(id);
  }, signal);

  return {
    create,
    fillSoon,
    forget: (id) => tiles.delete(id),
    linkOf: (id) => tiles.get(id)?.link,
    pictureOf: (id) => pictures.get(id),
    // returns the pictures of these ids, in their order, requesting those that weren't shown yet
    async picturesOf(ids) {
      const unknown = ids.filter((id) => !pictures.has(id)).map((id) => source.entries[indexOf.get(id)]);
      for (let from = 0; from < unknown.length; from += DETAILS_MAX)
        await fetchDetails(unknown.slice(from, from + DETAILS_MAX));
      return ids.map((id) => pictures.get(id));
    },
  };
}
