// A modal question. The form's answer is given to `act`; when that fails the dialog stays, with the reason.

import { fill, h } from './dom.js';
import { troubles } from './notices.js';

let count = 0;

export function ask({ title, content, action, kind = 'main', act }) {
  const id = `dialog-${++count}`;
  const trouble = h('div', { class: 'trouble small', role: 'alert' });
  const doing = h('button', { class: `button ${kind}`, type: 'submit' }, action);
  const form = h(
    'form',
    { method: 'dialog' },
    h('h2', { id }, title),
    content,
    trouble,
    h(
      'div',
      { class: 'ends' },
      h('button', { class: 'button quiet', type: 'button', onclick: () => dialog.close() }, 'Cancel'),
      doing,
    ),
  );
  const dialog = h('dialog', { 'aria-labelledby': id, onclose: () => dialog.remove() }, form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    doing.disabled = true;
    try {
      await act(new FormData(form));
      dialog.close();
    } catch (error) {
      fill(trouble, troubles(error));
      doing.disabled = false;
    }
  });
  document.getElementById('overlays').append(dialog);
  dialog.showModal();
  return { dialog, doing };
}
