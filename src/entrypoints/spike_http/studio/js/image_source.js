// The entries of a list of images, loaded as they are needed: sizes and dates of all, names and URLs of what is shown.

import { get } from './api.js';
import { on } from './events.js';
import { fetchTiles } from './images.js';
import { hiddenIds } from './picture_actions.js';
import { showError } from './toasts.js';

const FIRST_PAGE = 500; // is shown sooner than a full one
const LOADED_AHEAD = 10_000; // entries that are loaded without being scrolled to

// `path` lists the layout; `parameters` narrow it down; `onEntries()` is called with each page that arrives, and when pictures are hidden
// or shown again.
export function imageSource(
  { path, parameters = {}, details = (entries) => fetchTiles(entries.map(({ id }) => id)) },
  signal,
) {
  let cursor;
  let loading;
  let generation = 0;
  let all = [];
  let next; // the entries of the list that is to replace this one, once there are more than `enough`
  let enough = 0;
  const known = new Set();
  const source = {
    entries: [],
    hasMore: true,
    details,
    onError: showError,
    onEntries() {},
    // loads the next page of entries; a page may be empty, and followed by others
    loadMore() {
      if (!loading) {
        const page = loadPage(generation).finally(() => {
          if (loading === page) loading = undefined;
        });
        loading = page;
      }
      return loading;
    },
    async loadUntil(count) {
      while (source.hasMore && (next ?? all).length <= count && !signal.aborted) await source.loadMore();
    },
    loadAhead: () => source.loadUntil(LOADED_AHEAD),
    loadAll: () => source.loadUntil(Number.POSITIVE_INFINITY),
    prepend(entry) {
      if (known.has(entry.id)) return false;
      known.add(entry.id);
      next?.unshift(entry);
      if (next && all.some(({ id }) => id === entry.id)) return false;
      replace([entry, ...all]);
      return true;
    },
    remove(ids) {
      const gone = new Set(ids);
      replace(all.filter(({ id }) => !gone.has(id)));
      next = next?.filter(({ id }) => !gone.has(id));
    },
    // Puts the entries in another order, those that are hidden staying where they are, and returns the ids of all.
    order(entries) {
      const shown = entries.values();
      replace(all.map((each) => (hiddenIds.has(each.id) ? each : shown.next().value)).filter(Boolean));
      return all.map(({ id }) => id);
    },
    // Loads the list anew. The entries stay until more than `count` have arrived: they are shown, chosen and selected meanwhile.
    reset(count = 0) {
      next = [];
      enough = count;
      source.hasMore = true;
      known.clear();
      cursor = loading = undefined;
      generation++; // a page of the earlier list may be on its way
      return source.loadUntil(count);
    },
  };
  async function loadPage(started) {
    const query = new URLSearchParams({
      ...parameters,
      ...(cursor ? { cursor } : { limit: FIRST_PAGE }),
    });
    const answer = await get(`${path}?${query}`, { signal });
    if (started !== generation) return;
    cursor = answer.nextCursor;
    source.hasMore = answer.hasMore;
    const entries = answer.images.filter(({ id }) => !known.has(id) && known.add(id));
    (next ?? all).push(...entries);
    if (next && (next.length > enough || !source.hasMore)) [all, next] = [next, undefined];
    if (!next) refresh();
  }
  function replace(entries) {
    all = entries;
    source.entries = all.filter(({ id }) => !hiddenIds.has(id));
  }
  const refresh = () => {
    replace(all);
    source.onEntries();
  };
  for (const name of ['images-hidden', 'images-shown-again']) on(name, refresh, signal);
  return source;
}
