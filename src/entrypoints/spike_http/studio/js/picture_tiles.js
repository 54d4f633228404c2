// The tiles of a grid of pictures: names, placeholders and thumbnails, requested for those that are elements, marks and progress.

import { h, progressBar, setProgress } from './dom.js';
import { on } from './events.js';
import { RENEWED_BEFORE_MS, reportLost } from './images.js';
import { isFinished } from './job_polling.js';
import { drawFile, forgetFile, hasFile } from './local_previews.js';
import { drawThumbhash, thumbhashCanvas } from './thumbhash.js';

const FILL_EVERY_MS = 80;
// Windows a second: faster than the first no one sees what would be requested. Faster than the second, where a picture stays for a
// third of a second, its thumbhash has to do: thumbnails are loaded when it slows down.
const FASTEST = 18;
const FASTEST_LOADING = 3;
const RETRY_MS = 1000; // until thumbnails that aren't made yet are asked for again, all at once
const ASKS_MAX = 30;
const OUTAGE_MS = 3000; // until names and URLs are asked for again that couldn't be loaded
const DETAILS_MAX = 100; // per request, as the API allows

// As for `virtualGrid`; `element` is the grid, `indexOf` maps ids to indexes of entries.
export function pictureTiles({ element, source, hrefOf, selection, extraOf, indexOf }, signal) {
  const pictures = new Map(); // id → picture
  const tiles = new Map(); // id → the elements of its tile, and the entry
  const spare = []; // tiles that no row needs
  const running = new Map(); // id → progress of its job, 0 to 1
  const failures = new Map(); // id → how often its picture couldn't be loaded
  let lastTop = 0;
  let lastAt = 0;
  let fillTimer;
  let retryTimer;
  let isFetching = false;
  let isOutage = false;

  // Shows these entries in a row, by the tiles that it has; returns the tiles.
  function show(row, entries, { start, widths }) {
    const known = row.tiles ?? [];
    row.tiles = entries.map((entry, place) => {
      const each = known[place] ?? spare.pop() ?? build();
      if (!known[place]) row.append(each.tile);
      each.tile.style.width = `${widths[place]}px`;
      each.tile.setAttribute('aria-colindex', place + 1);
      bind(each, entry, start + place);
      return each;
    });
    for (const each of known.slice(entries.length)) {
      each.tile.remove();
      spare.push(each);
    }
    return row.tiles;
  }

  // makes the elements of a tile, which shows one picture after another
  function build() {
    const image = h('img', { alt: '', decoding: 'async', draggable: 'false' });
    const canvas = thumbhashCanvas();
    const name = h('span', { class: 'name', 'aria-hidden': 'true' });
    const link = h('a', { draggable: 'true', tabindex: -1, 'data-link': true }, image, canvas, name);
    const tile = h('div', { class: 'tile', role: 'gridcell' }, link);
    const known = { tile, link, image, canvas, name };
    // an event of the picture before this one may arrive late
    image.addEventListener('load', () => known.hasImage && image.complete && reportLoaded(known));
    image.addEventListener('error', () => known.hasImage && image.complete && reportFailure(known));
    if (selection) {
      known.input = h('input', { type: 'checkbox', tabindex: -1 });
      known.input.addEventListener('click', (event) =>
        selection.toggle(indexOf.get(known.entry.id), { isRange: event.shiftKey }),
      );
      tile.append(h('label', { class: 'select-box' }, known.input));
    }
    return known;
  }

  function bind(known, entry, index) {
    known.entry = entry;
    known.previewOf = undefined;
    known.tile.dataset.id = entry.id;
    known.tile.className = 'tile';
    known.link.setAttribute('aria-label', `Picture ${index + 1}`);
    known.input?.setAttribute('aria-label', `Select picture ${index + 1}`);
    known.extra?.remove();
    known.extra = extraOf?.(entry, index) || undefined;
    if (known.extra) known.tile.append(known.extra);
    tiles.set(entry.id, known);
    describe(known, pictures.get(entry.id));
    if (!pictures.get(entry.id)?.url) showPreview(known);
    renderSelected(entry.id);
    renderProgress(entry.id);
  }

  // shows the name and the thumbhash; the picture itself comes with `fill`
  function describe(known, picture) {
    const { tile, link, entry, input, canvas, name } = known;
    link.href = hrefOf(entry); // it may lead to the picture itself
    name.textContent = picture?.name ?? '';
    const isPreviewed = known.previewOf === entry.id && (hasFile(entry.id) || !picture?.thumbhash);
    if (!isPreviewed) drawThumbhash(canvas, picture?.thumbhash);
    if (!picture) return;
    link.setAttribute('aria-label', picture.name);
    input?.setAttribute('aria-label', `Select ${picture.name}`);
    if (failures.get(picture.id) > 1) tile.classList.add('unavailable');
  }

  function hideImage(known) {
    if (known.hasImage) known.image.removeAttribute('src');
    known.hasImage = false;
    known.tile.classList.remove('loaded');
  }

  function showImage(known, picture) {
    if (known.hasImage || known.tile.classList.contains('unavailable') || !picture.url) return;
    known.hasImage = true;
    known.image.src = picture.url;
  }

  // shows the file that was uploaded, where this page has it
  function showPreview(known) {
    const { canvas, entry, tile } = known;
    if (known.previewOf === entry.id) return;
    const isWanted = () => known.previewOf === entry.id && tiles.get(entry.id) === known && !tile.matches('.loaded');
    if (drawFile(canvas, entry, isWanted)) known.previewOf = entry.id;
  }

  function reportLoaded(known) {
    const { id } = known.entry;
    known.tile.classList.add('loaded');
    failures.delete(id);
    forgetFile(id);
    if (known.previewOf !== id) return;
    known.previewOf = undefined;
    drawThumbhash(known.canvas, pictures.get(id)?.thumbhash);
  }

  function reportFailure(known) {
    const { id } = known.entry;
    const count = (failures.get(id) ?? 0) + 1;
    failures.set(id, count);
    hideImage(known);
    if (count > 1) return known.tile.classList.add('unavailable'); // most browsers can't decode TIFF and HEIC
    reportLost(pictures.get(id));
    pictures.delete(id); // its link may have ended
    return fillSoon();
  }

  // Requests the names and URLs of the tiles that have none, or whose links are about to end, and loads the pictures.
  async function fill() {
    fillTimer = undefined;
    if (signal.aborted || !element.isConnected) return;
    const now = performance.now();
    const speed = (1000 * Math.abs(scrollY - lastTop)) / innerHeight / Math.max(1, now - lastAt);
    [lastTop, lastAt] = [scrollY, now];
    if (speed > FASTEST_LOADING) fillSoon(true);
    if (speed > FASTEST) return;
    const wanted = [];
    for (const known of tiles.values()) {
      const picture = pictures.get(known.entry.id);
      if (!picture || picture.until < Date.now() + RENEWED_BEFORE_MS) wanted.push(known.entry);
      else if (picture.url && speed <= FASTEST_LOADING) showImage(known, picture);
      if (picture?.url || picture?.isGone || speed > FASTEST_LOADING) continue;
      showPreview(known);
      if (picture) retrySoon();
    }
    if (!wanted.length || isFetching) return;
    isFetching = true;
    try {
      await fetchDetails(inOrder(wanted).slice(0, DETAILS_MAX));
      isOutage = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!isOutage) source.onError(error);
      isOutage = !error.status || error.status === 429 || error.status >= 500; // not the end of a session or of a shared link
      if (isOutage) retrySoon(Math.max(OUTAGE_MS, 1000 * (error.retryAfter ?? 0)));
      return;
    } finally {
      isFetching = false;
    }
    fillSoon();
  }
  const inOrder = (entries) => entries.sort((one, other) => indexOf.get(one.id) - indexOf.get(other.id));
  const asks = new Map(); // id → how often its thumbnail wasn't made yet

  async function fetchDetails(entries) {
    const found = await source.details(entries, (entry) => source.entries[indexOf.get(entry.id) - 1]);
    const missing = new Set(entries.map(({ id }) => id));
    for (const picture of found) {
      missing.delete(picture.id);
      picture.until = Math.max(picture.until, Date.now() + 2 * RENEWED_BEFORE_MS); // a link may be shorter than that
      pictures.set(picture.id, picture);
      const known = tiles.get(picture.id);
      if (known) {
        hideImage(known);
        describe(known, picture);
      }
      if (picture.url) continue;
      // a thumbnail is made soon after the upload; where it never is, the original is shown
      asks.set(picture.id, (asks.get(picture.id) ?? 0) + 1);
      if (asks.get(picture.id) > ASKS_MAX) picture.url = picture.originalUrl;
    }
    // deleted meanwhile, elsewhere: it stays as an empty tile until the next visit
    for (const id of missing) pictures.set(id, { id, name: 'Deleted', until: Number.POSITIVE_INFINITY, isGone: true });
  }

  // asks again for all pictures in sight that have no thumbnail yet
  function retrySoon(afterMs = RETRY_MS) {
    retryTimer ??= setTimeout(() => {
      retryTimer = undefined;
      for (const id of tiles.keys()) {
        const picture = pictures.get(id);
        if (picture && !picture.url && !picture.isGone) picture.until = 0;
      }
      fillSoon();
    }, afterMs);
  }

  function renderSelected(id) {
    const known = tiles.get(id);
    if (!known || !selection) return;
    const isSelected = selection.has(id);
    known.tile.classList.toggle('selected', isSelected);
    known.tile.setAttribute('aria-selected', isSelected);
    known.input.checked = isSelected;
  }
  function renderProgress(id) {
    const tile = tiles.get(id)?.tile;
    if (!tile) return;
    const existing = tile.querySelector('.progress');
    if (!running.has(id)) return existing?.remove();
    setProgress(existing ?? tile.appendChild(progressBar('Enhancing')), Math.max(0.06, running.get(id)));
  }

  function fillSoon(isMoving = lastTop !== scrollY) {
    fillTimer ??= setTimeout(fill, isMoving ? FILL_EVERY_MS : 0);
  }
  signal.addEventListener('abort', () => {
    clearTimeout(fillTimer);
    clearTimeout(retryTimer);
  });
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
    show,
    fillSoon,
    forget(some) {
      for (const known of some) {
        hideImage(known);
        failures.delete(known.entry.id); // its picture is tried again when it is shown again
        if (tiles.get(known.entry.id) === known) tiles.delete(known.entry.id);
      }
    },
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
