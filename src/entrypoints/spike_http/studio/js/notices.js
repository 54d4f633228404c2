// Short messages at the edge of the page, read out too. Errors bring their suggestion and the request's id, and stay.

import { h, iconButton } from './dom.js';

const box = document.getElementById('notices');
const STAYS_MS = 6000;

export function say(text, ...more) {
  const notice = show('notice', h('div', {}, h('p', {}, text), more));
  setTimeout(() => notice.remove(), STAYS_MS);
}

export function complain(error) {
  if (error.name === 'AbortError') return;
  if (!error.requestId && error.status === undefined) console.error(error);
  show('notice bad', troubles(error));
}

export const troubles = (error) =>
  h(
    'div',
    {},
    h('p', {}, error.message),
    error.suggestion && error.suggestion !== error.message && h('p', {}, error.suggestion),
    error.requestId && h('p', { class: 'id' }, `Request ${error.requestId}`),
  );

function show(kind, content) {
  const notice = h(
    'div',
    { class: kind },
    content,
    iconButton('close', 'Dismiss', () => notice.remove()),
  );
  box.append(notice);
  while (box.children.length > 3) box.firstChild.remove();
  return notice;
}
