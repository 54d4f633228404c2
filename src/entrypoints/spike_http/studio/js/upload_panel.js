// The panel of uploads: a progress bar for each file, and one for all of them.

import { h, iconButton, progressBar, setProgress } from './dom.js';
import { on } from './events.js';
import { errorDetails } from './toasts.js';
import { dismiss, price, retry, retryAll, uploads } from './uploads.js';

const CLOSE_DELAY_MS = 4000;
const rows = new Map(); // item → {row, progress, state}
const heading = h('h2', { 'aria-live': 'polite' });
const priceText = h('p', { class: 'small muted' });
const totalProgress = progressBar('All uploads');
const list = h('ul', { tabindex: 0, 'aria-label': 'Files' });
const close = iconButton('close', 'Close the list of uploads', () =>
  dismiss(uploads.filter((item) => item.state !== 'sending')),
);
const retryAllButton = h('button', { type: 'button', class: 'button compact', onclick: retryAll }, 'Retry all');
const panel = h(
  'section',
  { class: 'upload-panel', 'aria-label': 'Uploads' },
  h(
    'header',
    {},
    h('div', { class: 'row spread' }, heading, h('div', { class: 'row' }, retryAllButton, close)),
    priceText,
    totalProgress,
  ),
  list,
);
let closeTimer;

on('uploads', () => {
  clearTimeout(closeTimer);
  for (const [item, { row }] of rows) if (!uploads.includes(item) && rows.delete(item)) row.remove();
  if (!uploads.length) return panel.remove();
  for (const item of uploads) renderItem(item);
  const count = (state) => uploads.filter((item) => item.state === state).length;
  const [done, failed, all] = [count('done'), count('failed'), uploads.length];
  const pending = all - done - failed;
  heading.textContent = pending
    ? `Uploading ${done + failed + 1} of ${all}`
    : failed
      ? `${failed} of ${all} not uploaded`
      : `${all === 1 ? 'Picture' : `${all} pictures`} uploaded`;
  const sumBytes = (weigh) => uploads.reduce((sum, item) => sum + item.file.size * weigh(item), 0);
  setProgress(
    totalProgress,
    sumBytes((item) => (item.state === 'failed' ? 0 : item.progress)) /
      Math.max(
        1,
        sumBytes(() => 1),
      ),
  );
  priceText.textContent = price;
  priceText.hidden = !price;
  retryAllButton.hidden = failed < 2;
  if (!panel.isConnected) document.getElementById('overlays').append(panel);
  if (!pending && !failed) closeSoon();
});

// not while someone reads it or is about to follow one of its links
function closeSoon() {
  closeTimer = setTimeout(
    () => (panel.matches(':hover, :focus-within') ? closeSoon() : dismiss([...uploads])),
    CLOSE_DELAY_MS,
  );
}

function renderItem(item) {
  const known = rows.get(item);
  if (known?.state === item.state) return setProgress(known.progress, item.progress);
  const progress = progressBar(`Upload of ${item.file.name}`);
  setProgress(progress, item.progress);
  const statuses = {
    waiting: 'Waiting',
    sending: progress,
    done: item.duplicateOf
      ? ['Uploaded. ', h('a', { href: `#/picture/${item.duplicateOf}` }, 'The same as an earlier one')]
      : 'Uploaded',
    failed: item.error && errorDetails(item.error),
  };
  const status = h(
    'div',
    { class: item.state === 'failed' ? 'error-text' : 'done', role: item.state === 'failed' && 'alert' },
    statuses[item.state],
  );
  const actions =
    item.state === 'failed' &&
    h(
      'div',
      { class: 'row' },
      h(
        'button',
        {
          type: 'button',
          class: 'button compact',
          'aria-label': `Retry ${item.file.name}`,
          onclick: () => retry(item),
        },
        'Retry',
      ),
      iconButton('close', `Dismiss ${item.file.name}`, () => dismiss([item])),
    );
  const row = known?.row ?? list.appendChild(h('li', {}, thumbnail(item.file)));
  row.replaceChildren(
    row.firstChild,
    ...[h('div', {}, h('p', { class: 'file' }, item.file.name || 'Pasted picture'), status), actions].filter(Boolean),
  );
  rows.set(item, { row, progress, state: item.state });
}

function thumbnail(file) {
  const url = URL.createObjectURL(file);
  const image = h('img', {
    alt: '',
    loading: 'lazy', // of hundreds of files only those in sight are decoded
    src: url,
    onload: () => URL.revokeObjectURL(url),
    onerror: () => image.replaceWith(h('span', { class: 'blank' })),
  });
  return image;
}
