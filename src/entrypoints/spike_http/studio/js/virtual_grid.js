// A grid of any number of pictures. Only the rows near the window are elements; the others are numbers. While one scrolls, the elements
// of rows that leave show those that come. It is an ARIA grid with one stop for the Tab key, whose arrow keys move between pictures.

import { h, setVariables } from './dom.js';
import { pictureTiles } from './picture_tiles.js';
import { layOut, rowAt, rowOfEntry } from './rows.js';

const OVERSCAN = 0.75; // of the window's height, above and below it
const HEADER = 76; // px at the top of the window
const RETRY_MS = 3000; // after a page of entries couldn't be loaded

// `source` is {entries, details(ids) → Promise of pictures, loadMore()}: `entries` are {id, width, height, createdAt}, a picture is
// {id, name, url, thumbhash, until}. `hrefOf(id)` is where a click leads; `selection` is optional; `extraOf(entry, index)` is an element
// to append to a tile; `sectionOf(entry)` the text above a section; `onOpen(entry)` is called before a link is followed.
export function virtualGrid({ source, label, hrefOf, selection, extraOf, sectionOf, onKey }, signal) {
  const element = h('div', {
    class: 'grid',
    role: 'grid',
    'aria-label': label,
    'aria-multiselectable': selection && 'true',
  });
  const shown = new Map(); // number of a row → its element, which has what it shows as `layout`
  const free = []; // elements of rows that show nothing any more
  const indexOf = new Map(); // id → index of the entry
  let rows = [];
  let laidOut = []; // the entries that the rows are of
  let focusIndex = 0;
  let focusId; // of the entry that had the focus last: others come and go before it
  let width = 0;
  let frame;
  let renderedAt = 0;
  const tiles = pictureTiles({ element, source, hrefOf, selection, extraOf, indexOf }, signal);

  const gap = () => Math.min(10, Math.max(4, innerWidth * 0.007));
  const rowHeight = () => Math.min(272, Math.max(104, innerWidth * 0.19));
  const offset = () => element.getBoundingClientRect().top + scrollY;

  // Lays out all entries; called when they, the sections or the width change. What is at the top of the window stays there.
  function update({ keepsPlace = true } = {}) {
    const hadFocus = element.contains(document.activeElement);
    indexOf.clear();
    for (const [index, { id }] of source.entries.entries()) indexOf.set(id, index);
    const anchor = keepsPlace && rows.length ? anchorOf() : undefined;
    width = element.clientWidth;
    if (!width) return hadFocus && focusHeading(); // empty, or not displayed yet
    const layout = layOut(source.entries, { width, gap: gap(), rowHeight: rowHeight(), sectionOf });
    rows = layout.rows;
    laidOut = source.entries;
    setVariables(element, { height: `${layout.height}px` });
    element.setAttribute('aria-rowcount', source.hasMore ? -1 : rows.length);
    for (const [number, row] of shown) if (!isSameRow(row.layout, rows[number])) release(number);
    focusIndex = indexOf.get(focusId) ?? Math.min(focusIndex, Math.max(0, source.entries.length - 1));
    if (anchor) scrollToAnchor(anchor);
    render();
    if (hadFocus && !element.contains(document.activeElement)) focusTabStop();
  }
  function setFocusIndex(index) {
    focusIndex = index;
    focusId = source.entries[index]?.id;
  }
  // whether a row shows what it would show if it were made anew
  const isSameRow = (old, next) =>
    next &&
    !extraOf &&
    old.row.top === next.top &&
    old.row.height === next.height &&
    old.row.text === next.text &&
    old.row.end - old.row.start === next.end - next.start &&
    old.ids.every((id, place) => source.entries[next.start + place]?.id === id) &&
    Object.assign(old.row, next);
  // lets the element of a row show another one; not if it has a heading, nor if it has the focus, which goes with the picture
  function release(number) {
    const row = shown.get(number);
    shown.delete(number);
    tiles.forget(row.layout.tiles);
    if (row.layout.row.text !== undefined || row.contains(document.activeElement)) row.remove();
    else free.push(row);
    row.layout = undefined;
  }
  let held; // what update has kept at the top of the window: while one drags the window's edge, that many times would move it
  // the first entry at the top of the window that is still there, by the rows of the earlier layout
  const anchorOf = () => {
    if (held?.top === scrollY && indexOf.has(held.id)) return held;
    const y = scrollY - offset();
    if (y <= 0) return undefined;
    const row = rows[rowAt(rows, y)];
    const entry = laidOut.slice(row.start).find(({ id }) => indexOf.has(id));
    return entry && { id: entry.id, by: y - row.top };
  };
  function scrollToAnchor({ id, by }) {
    const top = offset() + rows[rowOfEntry(rows, indexOf.get(id))].top + by;
    if (Math.abs(top - scrollY) > 1) scrollTo(0, top);
    held = { id, by, top: scrollY };
  }

  function rangeAt(top, overscan) {
    if (!rows.length) return [0, -1];
    return [rowAt(rows, top - innerHeight * overscan), rowAt(rows, top + innerHeight * (1 + overscan))];
  }

  // Everything that makes the browser lay out the page is read before anything is changed.
  function render() {
    frame = undefined;
    if (!element.isConnected) return;
    const top = scrollY - offset();
    const moved = Math.abs(top - renderedAt);
    const hasJumped = moved > innerHeight;
    renderedAt = top;
    const inWindow = rangeAt(top, 0);
    // rows around the window come when it stays: those of a scrollbar that is dragged would be gone in the next frame
    const [first, last] = hasJumped ? inWindow : rangeAt(top, OVERSCAN);
    if (hasJumped) requestFrame();
    const focused = [...shown].find(([, row]) => row.contains(document.activeElement))?.[0];
    for (const number of [...shown.keys()].sort((one, other) => one - other))
      if ((number < first || number > last) && number !== focused) release(number);
    for (let number = first; number <= last; number++) if (!shown.has(number)) addRow(number);
    for (const row of free) if (row.isConnected) row.remove(); // those that stay are used when more rows are shown
    if (last >= 0 && source.hasMore && rows[last].end > source.entries.length - 1000) loadMore();
    keepOneTabStop(inWindow);
    tiles.fillSoon(moved > 0);
  }

  let loadsAfter = 0;
  function loadMore() {
    if (Date.now() < loadsAfter) return;
    source.loadMore().catch((error) => {
      loadsAfter = Date.now() + RETRY_MS;
      if (!signal.aborted) source.onError(error);
    });
  }

  function addRow(number) {
    const row = rows[number];
    const isHeading = row.text !== undefined;
    const entries = isHeading ? [] : source.entries.slice(row.start, row.end);
    const rowElement =
      (!isHeading && free.shift()) || h('div', { class: isHeading ? 'grid-row section' : 'grid-row', role: 'row' });
    rowElement.setAttribute('aria-rowindex', number + 1);
    rowElement.style.transform = `translateY(${row.top}px)`;
    rowElement.style.height = `${row.height}px`;
    if (isHeading) rowElement.append(sectionHeading(row));
    rowElement.layout = {
      row: { ...row },
      ids: entries.map(({ id }) => id),
      tiles: isHeading ? [] : tiles.show(rowElement, entries, row),
    };
    // in the order of the page, for those who read it by a screen reader; an element that is there already isn't moved
    let after;
    for (const [other, sibling] of shown) if (other > number && (!after || other < after[0])) after = [other, sibling];
    shown.set(number, rowElement);
    let next = rowElement.isConnected ? rowElement.nextElementSibling : undefined;
    while (next && !next.layout) next = next.nextElementSibling;
    if (next !== (after?.[1] ?? null)) element.insertBefore(rowElement, after?.[1] ?? null);
  }

  function sectionHeading({ text, start, end }) {
    const ids = () => source.entries.slice(start, end).map(({ id }) => id);
    return h(
      'div',
      { role: 'gridcell', class: 'section-head' },
      h('h2', {}, text),
      selection &&
        h(
          'button',
          { type: 'button', class: 'button compact quiet', tabindex: -1, onclick: () => selection.add(ids()) },
          'Select',
          h('span', { class: 'visually-hidden' }, ` all of ${text}`),
        ),
    );
  }

  // one tile can be reached by the Tab key: the last one that had the focus, or the first one in the window
  let tabStop;
  function keepOneTabStop([first, last] = rangeAt(scrollY - offset(), 0)) {
    const inWindow = rows.slice(first, last + 1).find((row) => row.text === undefined);
    const current = source.entries[focusIndex];
    const target = tiles.linkOf(current?.id) ?? tiles.linkOf(source.entries[inWindow?.start ?? 0]?.id);
    if (tabStop === target) return;
    if (tabStop) tabStop.tabIndex = -1;
    if (target) target.tabIndex = 0;
    tabStop = target;
  }

  function focusEntry(index, { isRange = false, scrolls = true } = {}) {
    const target = Math.min(source.entries.length - 1, Math.max(0, index));
    const row = rows[rowOfEntry(rows, target)];
    const top = offset() + row.top;
    if (!scrolls) setFocusIndex(target);
    else if (top < scrollY + HEADER) scrollTo(0, top - HEADER);
    else if (top + row.height > scrollY + innerHeight - HEADER) scrollTo(0, top + row.height - innerHeight + HEADER);
    if (isRange && selection) selection.extendTo(target, focusIndex);
    setFocusIndex(target);
    render();
    if (!shown.has(rowOfEntry(rows, target))) addRow(rowOfEntry(rows, target));
    keepOneTabStop();
    tiles.linkOf(source.entries[target].id)?.focus({ preventScroll: true });
  }

  // where the focus goes when what had it is gone
  function focusTabStop() {
    const link = element.querySelector('[data-link][tabindex="0"]');
    link && !element.hidden ? link.focus({ preventScroll: true }) : focusHeading();
  }
  function focusHeading() {
    const heading = document.querySelector('#main h1');
    heading?.setAttribute('tabindex', '-1');
    heading?.focus({ preventScroll: true });
  }

  // the picture above or below: the one in the next row whose middle is nearest
  function vertical(index, by) {
    const at = rowOfEntry(rows, index);
    let number = at + by;
    while (rows[number]?.text !== undefined) number += by;
    const row = rows[number];
    if (!row) return index;
    const middleOf = (each, place) =>
      each.widths.slice(0, place - each.start).reduce((sum, one) => sum + one + gap(), 0) +
      each.widths[place - each.start] / 2;
    const middle = middleOf(rows[at], index);
    let best = row.start;
    for (let place = row.start; place < row.end; place++)
      if (Math.abs(middleOf(row, place) - middle) < Math.abs(middleOf(row, best) - middle)) best = place;
    return best;
  }

  element.addEventListener('focusin', (event) => {
    const id = event.target.closest('.tile')?.dataset.id;
    if (indexOf.has(id)) setFocusIndex(indexOf.get(id));
  });
  element.addEventListener('keydown', (event) => {
    const isLink = event.target.dataset.link !== undefined;
    if (!(isLink || event.target.matches('.select-box input')) || !rows.length) return;
    if (onKey?.(event, source.entries[focusIndex], focusIndex)) return event.preventDefault();
    const perWindow = Math.max(1, Math.floor(innerHeight / (rowHeight() + gap())) - 1);
    const repeat = (by) => Array.from({ length: perWindow }).reduce((index) => vertical(index, by), focusIndex);
    const targets = {
      ArrowLeft: () => focusIndex - 1,
      ArrowRight: () => focusIndex + 1,
      ArrowUp: () => vertical(focusIndex, -1),
      ArrowDown: () => vertical(focusIndex, 1),
      PageUp: () => repeat(-1),
      PageDown: () => repeat(1),
      Home: () => 0,
      End: () => source.entries.length - 1,
    };
    if (targets[event.key] && !event.altKey) {
      event.preventDefault();
      return focusEntry(targets[event.key](), { isRange: event.shiftKey });
    }
    if (!selection || !isLink || event.key !== ' ') return undefined;
    event.preventDefault();
    return selection.toggle(focusIndex, { isRange: event.shiftKey });
  });
  element.addEventListener('click', (event) => {
    const id = event.target.closest('[data-link]')?.closest('.tile').dataset.id;
    if (!id) return;
    if (selection && (event.shiftKey || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      selection.toggle(indexOf.get(id), { isRange: event.shiftKey });
    } else history.replaceState({ ...history.state, opened: id, scroll: scrollY }, '');
  });
  // the address's state is the place that Back returns to
  const requestFrame = () => {
    if (frame === undefined) frame = requestAnimationFrame(render);
  };
  for (const name of ['scroll', 'resize']) addEventListener(name, requestFrame, { signal, passive: true });
  // When the page is there, and, once the router has scrolled it: the picture that was opened has the focus, and is in the window
  // even if that has another width than then.
  document.getElementById('main').addEventListener(
    'displayed',
    ({ detail }) => {
      update({ keepsPlace: false });
      const index = indexOf.get(detail.opened);
      if (index === undefined) return;
      focusEntry(index, { scrolls: false });
      queueMicrotask(() => {
        const row = rows[rowOfEntry(rows, index)];
        const top = offset() + row.top - scrollY;
        if (top > innerHeight || top + row.height < HEADER) focusEntry(index);
      });
    },
    { signal, once: true },
  );
  const resizeObserver = new ResizeObserver(() => element.clientWidth !== width && update());
  resizeObserver.observe(element);
  signal.addEventListener('abort', () => {
    resizeObserver.disconnect();
  });
  return {
    element,
    update,
    focusEntry,
    focusTabStop,
    indexOf: (id) => indexOf.get(id),
    pictureOf: tiles.pictureOf,
    picturesOf: tiles.picturesOf,
  };
}
