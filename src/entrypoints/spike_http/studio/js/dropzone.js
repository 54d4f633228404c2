// Files that are dropped on the page or pasted, and the button that chooses files.

import { h } from './dom.js';

let target;

// Sets what happens to files until the signal is aborted: `text` is shown while they are dragged, `onFiles(files)` gets them.
export function acceptFiles(newTarget, signal) {
  target = newTarget;
  signal.addEventListener('abort', () => {
    if (target === newTarget) target = undefined;
  });
}

const overlay = h('div', { class: 'drop-overlay' }, h('strong', {}, 'Drop to upload'), h('span'));
const hasFiles = (event) => event.dataTransfer?.types.includes('Files');

export function startDropzone() {
  document.addEventListener('dragover', (event) => {
    if (!target || !hasFiles(event)) return;
    event.preventDefault();
    overlay.lastChild.textContent = target.text;
    if (!overlay.isConnected) document.body.append(overlay);
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) overlay.remove();
  });
  document.addEventListener('drop', (event) => {
    overlay.remove();
    if (!target || !hasFiles(event)) return;
    event.preventDefault();
    target.onFiles([...event.dataTransfer.files]);
  });
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!target || !files.length) return;
    event.preventDefault();
    target.onFiles(files);
  });
}

// A button that opens the file chooser. The hidden input has the same name, for tests.
export function fileButton(label, onFiles, { multiple = true, kind = 'primary' } = {}) {
  const input = h('input', {
    type: 'file',
    accept: 'image/*,.heic,.heif',
    multiple,
    hidden: true,
    'aria-label': label,
    onchange: () => {
      onFiles([...input.files]);
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
