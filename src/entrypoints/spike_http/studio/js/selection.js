// Which pictures are selected: one by one, as ranges from the last one that was chosen, all, or those of a date.

export function createSelection(source) {
  const ids = new Set();
  const listeners = new Set();
  let anchor; // index of the entry that a range begins with
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const idAt = (index) => source.entries[index]?.id;
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
      if (isRange && anchor !== undefined) selectRange(anchor, index);
      else ids.has(id) ? ids.delete(id) : ids.add(id);
      anchor = index;
      changed();
    },
    extendTo(index, from) {
      anchor ??= from;
      selectRange(anchor, index);
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
