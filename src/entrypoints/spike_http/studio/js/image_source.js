// The entries of a list of images, loaded as they are needed: sizes and dates of all, names and URLs of what is shown.

import { get } from './api.js';
import { fetchTiles } from './images.js';
import { showError } from './toasts.js';

const FIRST_PAGE = 500; // is shown sooner than a full one
const LOADED_AHEAD = 10_000; // entries that are loaded without being scrolled to

// `path` lists the layout; `parameters` narrow it down; `onEntries()` is called with each page that arrives.
export function imageSource(
  { path, parameters = {}, details = (entries) => fetchTiles(entries.map(({ id }) => id)) },
  signal,
) {
  let cursor;
  let loading;
  let generation = 0;
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
      while (source.hasMore && source.entries.length <= count && !signal.aborted) await source.loadMore();
    },
    loadAhead: () => source.loadUntil(LOADED_AHEAD),
    loadAll: () => source.loadUntil(Number.POSITIVE_INFINITY),
    prepend(entry) {
      if (known.has(entry.id)) return false;
      known.add(entry.id);
      source.entries.unshift(entry);
      return true;
    },
    append(entry) {
      if (known.has(entry.id)) return false;
      known.add(entry.id);
      source.entries.push(entry);
      return true;
    },
    remove(ids) {
      const gone = new Set(ids);
      source.entries = source.entries.filter(({ id }) => !gone.has(id));
    },
    reset() {
      source.entries = [];
      source.hasMore = true;
      known.clear();
      cursor = loading = undefined;
      generation++; // a page of the earlier list may be on its way
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
    source.entries.push(...answer.images.filter(({ id }) => !known.has(id) && known.add(id)));
    source.onEntries();
  }
  return source;
}
