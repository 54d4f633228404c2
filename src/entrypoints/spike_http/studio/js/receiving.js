// Files that are dropped on the page or pasted go to whoever receives at the moment.

import { h } from './dom.js';

let receiver;

// The view's: `{take(files), text}`, until its signal ends.
export function receive(next, signal) {
  receiver = next;
  signal.addEventListener('abort', () => {
    if (receiver === next) receiver = undefined;
  });
}

const cover = h('div', { class: 'landing' }, h('strong', {}, 'Drop to upload'), h('span'));
const hasFiles = (event) => event.dataTransfer?.types.includes('Files');

export function start() {
  document.addEventListener('dragover', (event) => {
    if (!receiver || !hasFiles(event)) return;
    event.preventDefault();
    cover.lastChild.textContent = receiver.text;
    if (!cover.isConnected) document.body.append(cover);
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) cover.remove();
  });
  document.addEventListener('drop', (event) => {
    cover.remove();
    if (!receiver || !hasFiles(event)) return;
    event.preventDefault();
    receiver.take([...event.dataTransfer.files]);
  });
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!receiver || !files.length) return;
    event.preventDefault();
    receiver.take(files);
  });
}

// A button that opens the file chooser; the input itself is for assistive techniques and tests too.
export function chooser(label, take, { multiple = true, kind = 'main' } = {}) {
  const input = h('input', {
    type: 'file',
    accept: 'image/*,.heic,.heif',
    multiple,
    hidden: true,
    'aria-label': label,
    onchange: () => {
      take([...input.files]);
      input.value = '';
    },
  });
  return h(
    'span',
    {},
    h('button', { type: 'button', class: `button ${kind}`, onclick: () => input.click() }, label),
    input,
  );
}
