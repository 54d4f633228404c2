// Short messages at the edge of the page, in a live region. Errors show the suggestion and the request id, and stay until dismissed.

import { h, iconButton } from './dom.js';

const container = document.getElementById('toasts');
const VISIBLE_MS = 6000;

export function showToast(text, ...more) {
  const toast = addToast('toast', h('div', {}, h('p', {}, text), more));
  setTimeout(() => toast.remove(), VISIBLE_MS);
}

export function showError(error) {
  if (error.name === 'AbortError') return;
  if (!error.requestId && error.status === undefined) console.error(error);
  addToast('toast error', errorDetails(error));
}

export const errorDetails = (error) =>
  h(
    'div',
    {},
    h('p', {}, error.message),
    error.suggestion && error.suggestion !== error.message && h('p', {}, error.suggestion),
    error.requestId && h('p', { class: 'id' }, `Request ${error.requestId}`),
  );

function addToast(className, content) {
  const toast = h(
    'div',
    { class: className },
    content,
    iconButton('close', 'Dismiss', () => toast.remove()),
  );
  container.append(toast);
  while (container.children.length > 3) container.firstChild.remove();
  return toast;
}
