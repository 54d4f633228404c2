// Short messages at the edge of the page, in a live region. Errors show the suggestion and the request id, and stay until dismissed.

import { h, iconButton } from './dom.js';

const container = document.getElementById('toasts');
const VISIBLE_MS = 6000;

export function showToast(text, ...more) {
  const toast = addToast('toast', h('div', {}, h('p', {}, text), more));
  setTimeout(() => toast.remove(), VISIBLE_MS);
  return toast;
}

// A message with a button, which stays until it is used or dismissed. Returns {setCount, remove}; a count isn't read aloud.
export function showActionToast(text, label, onAction, { onDismiss = () => {} } = {}) {
  const count = h('span', { class: 'muted', 'aria-hidden': 'true' });
  const message = h('p', {}, text, ' ', count);
  const toast = addToast(
    'toast',
    h(
      'div',
      { class: 'row spread' },
      message,
      h(
        'button',
        {
          type: 'button',
          class: 'button compact',
          onclick: () => {
            toast.remove();
            onAction();
          },
        },
        label,
      ),
    ),
    onDismiss,
  );
  return {
    remove: () => toast.remove(),
    setCount(next) {
      count.textContent = next;
    },
  };
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

function addToast(className, content, onDismiss = () => {}) {
  const toast = h(
    'div',
    { class: className },
    content,
    iconButton('close', 'Dismiss', () => {
      toast.remove();
      onDismiss();
    }),
  );
  // the focus goes back to where it came from
  let origin;
  toast.addEventListener('focusin', ({ relatedTarget }) => {
    if (!toast.contains(relatedTarget)) origin = relatedTarget;
  });
  toast.remove = () => {
    const hadFocus = toast.contains(document.activeElement);
    container.contains(toast) && container.removeChild(toast);
    if (hadFocus) origin?.focus({ preventScroll: true });
  };
  container.append(toast);
  // a message with a button isn't pushed out
  for (const old of [...container.children].slice(0, -3)) if (!old.querySelector('.row .button')) old.remove();
  return toast;
}
