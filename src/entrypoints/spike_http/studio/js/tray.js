// The tray of uploads: a bar for each file and one for all of them.

import { emit, on } from './bus.js';
import { bar, h, iconButton, setBar } from './dom.js';
import { troubles } from './notices.js';
import { forget, retry, uploads } from './uploads.js';

const LINGERS_MS = 4000;
const rows = new Map(); // item → {row, line, state}
const heading = h('h2', { 'aria-live': 'polite' });
const whole = bar('All uploads');
const list = h('ul', { tabindex: 0, 'aria-label': 'Files' });
const close = iconButton('close', 'Close the list of uploads', () =>
  forget(uploads.filter((item) => item.state !== 'sending')),
);
const tray = h(
  'section',
  { class: 'tray', 'aria-label': 'Uploads' },
  h('header', {}, h('div', { class: 'row spread' }, heading, close), whole),
  list,
);
let leaving;

on('uploads', () => {
  clearTimeout(leaving);
  for (const [item, { row }] of rows) if (!uploads.includes(item) && rows.delete(item)) row.remove();
  if (!uploads.length) return tray.remove();
  for (const item of uploads) draw(item);
  const count = (state) => uploads.filter((item) => item.state === state).length;
  const [done, failed, all] = [count('done'), count('failed'), uploads.length];
  const busy = all - done - failed;
  heading.textContent = busy
    ? `Uploading ${done + failed + 1} of ${all}`
    : failed
      ? `${failed} of ${all} not uploaded`
      : `${all === 1 ? 'Picture' : `${all} pictures`} uploaded`;
  const bytes = (weigh) => uploads.reduce((sum, item) => sum + item.file.size * weigh(item), 0);
  setBar(
    whole,
    bytes((item) => (item.state === 'failed' ? 0 : item.share)) /
      Math.max(
        1,
        bytes(() => 1),
      ),
  );
  if (!tray.isConnected) document.getElementById('overlays').append(tray);
  if (!busy && !failed) leaving = setTimeout(() => forget([...uploads]), LINGERS_MS);
});

function draw(item) {
  const known = rows.get(item);
  if (known?.state === item.state) return setBar(known.line, item.share);
  const line = bar(`Upload of ${item.file.name}`);
  setBar(line, item.share);
  const texts = { waiting: 'Waiting', sending: line, done: 'Uploaded', failed: item.error && troubles(item.error) };
  const text = h(
    'div',
    { class: item.state === 'failed' ? 'trouble' : 'done', role: item.state === 'failed' && 'alert' },
    texts[item.state],
  );
  const acts =
    item.state === 'failed' &&
    h(
      'div',
      { class: 'row' },
      h(
        'button',
        { type: 'button', class: 'button slim', 'aria-label': `Retry ${item.file.name}`, onclick: () => retry(item) },
        'Retry',
      ),
      iconButton('close', `Forget ${item.file.name}`, () => forget([item])),
    );
  const row = known?.row ?? list.appendChild(h('li', {}, thumbnail(item.file)));
  row.replaceChildren(
    row.firstChild,
    ...[h('div', {}, h('p', { class: 'file' }, item.file.name || 'Pasted picture'), text), acts].filter(Boolean),
  );
  rows.set(item, { row, line, state: item.state });
}

function thumbnail(file) {
  const url = URL.createObjectURL(file);
  const image = h('img', {
    alt: '',
    src: url,
    onload: () => URL.revokeObjectURL(url),
    onerror: () => image.replaceWith(h('span', { class: 'blank' })),
  });
  return image;
}

export const start = () => emit('uploads');
