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
    extendTo(index, from) {
      if (anchorIndex() < 0) anchor = idAt(from);
      selectRange(anchorIndex(), index);
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
