// Which pictures are selected: one by one, as ranges from the last one that was chosen, all, or those of a date.

export function createSelection(source) {
  const ids = new Set();
  const listeners = new Set();
  let anchor; // id of the entry that a range begins with: entries come and go before it
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const idAt = (index) => source.entries[index]?.id;
  const anchorIndex = () => (anchor === undefined ? -1 : source.entries.findIndex(({ id }) => id === anchor));
  function selectRange(from, to) {
    for (let index = Math.min(from, to); index <= Math.max(from, to); index++) ids.add(idAt(index));
  }
  return {
    has: (id) => ids.has(id),
    get size() {
      return ids.size;
    },
    // in the order of the page
    ids: () => (ids.size ? source.entries.filter(({ id }) => ids.has(id)).map(({ id }) => id) : []),
    toggle(index, { isRange = false } = {}) {
      const id = idAt(index);
      const from = isRange ? anchorIndex() : -1;
      if (from >= 0) selectRange(from, index);
      else ids.has(id) ? ids.delete(id) : ids.add(id);
      anchor = id;
      changed();
    },
    // moves the end of the range that begins at the anchor
    extendTo(index, from) {
      if (anchorIndex() < 0) anchor = idAt(from);
      const start = anchorIndex();
      const isInRange = (place) => Math.min(start, index) <= place && place <= Math.max(start, index);
      for (let place = Math.min(index, from); place <= Math.max(index, from); place++)
        if (!isInRange(place)) ids.delete(idAt(place));
      selectRange(start, index);
      changed();
    },
    add(more) {
      for (const id of more) ids.add(id);
      changed();
    },
    remove(some) {
      for (const id of some) ids.delete(id);
      changed();
    },
    // forgets what isn't listed any more, of a list that is complete
    keepListed() {
      const { size } = ids;
      if (!size) return;
      const listed = new Set(source.entries.map(({ id }) => id));
      for (const id of ids) if (!listed.has(id)) ids.delete(id);
      if (ids.size !== size) changed();
    },
    clear() {
      ids.clear();
      anchor = undefined;
      changed();
    },
    onChange(listener, signal) {
      listeners.add(listener);
      signal.addEventListener('abort', () => listeners.delete(listener));
    },
  };
}
