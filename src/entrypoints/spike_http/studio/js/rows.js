// Lays out pictures in rows that are as wide as the page, in their own aspect ratios. Pure functions of sizes.

const RATIO_RANGE = { min: 0.56, max: 2.4 };
const HEADING_HEIGHT = 52;
const FULL_ENOUGH = 0.75; // a last row that is filled so far is stretched; a shorter one keeps its height and ends ragged

export const aspectRatio = ({ width, height }) =>
  Math.min(RATIO_RANGE.max, Math.max(RATIO_RANGE.min, width / height || 1));

// Returns {rows, height}. A row is {top, height, start, end, widths} of the entries from `start` to `end`, or {top, height, text,
// start, end}: the heading of a section, which has these entries. `sectionOf(entry)` is a section's text, undefined without sections.
export function layOut(entries, { width, gap, rowHeight, sectionOf }) {
  const rows = [];
  let top = 0;
  const addRow = (start, end, ratios, isLast) => {
    const free = width - gap * (end - start - 1);
    const natural = ratios * rowHeight;
    const isRagged = isLast && natural < free * FULL_ENOUGH;
    const height = isRagged ? rowHeight : free / ratios;
    const widths = entries.slice(start, end).map((entry) => aspectRatio(entry) * height);
    rows.push({ top, height, start, end, widths });
    top += height + gap;
  };
  for (let from = 0; from < entries.length; ) {
    const text = sectionOf?.(entries[from]);
    let to = entries.length;
    if (text !== undefined) {
      to = from + 1;
      while (to < entries.length && sectionOf(entries[to]) === text) to++;
      rows.push({ top, height: HEADING_HEIGHT, text, start: from, end: to });
      top += HEADING_HEIGHT;
    }
    let [start, ratios] = [from, 0];
    for (let index = from; index < to; index++) {
      const ratio = aspectRatio(entries[index]);
      const widthWith = (ratios + ratio) * rowHeight + gap * (index - start);
      // a row ends where it is nearer to its height without the next picture than with it
      if (
        index > start &&
        widthWith > width &&
        widthWith - width > width - ratios * rowHeight - gap * (index - start - 1)
      ) {
        addRow(start, index, ratios, false);
        [start, ratios] = [index, 0];
      }
      ratios += ratio;
    }
    addRow(start, to, ratios, true);
    from = to;
  }
  return { rows, height: Math.max(0, top - gap) };
}

// Returns the index of the row at this height, by bisection.
export function rowAt(rows, y) {
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (rows[middle].top <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function rowOfEntry(rows, index) {
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (rows[middle].start <= index) low = middle;
    else high = middle - 1;
  }
  return low; // of a heading and the first row of its section, which begin with one entry, the row
}
