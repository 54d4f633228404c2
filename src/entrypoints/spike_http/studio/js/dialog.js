// A modal dialog with a form. `onSubmit` gets the FormData; if it throws, the dialog stays open and shows the error. Without it there is
// nothing to cancel: the dialog shows something.

import { h, replaceContent } from './dom.js';
import { errorDetails } from './toasts.js';

let dialogCount = 0;

export function openDialog({ title, content, action, kind = 'primary', onSubmit }) {
  const id = `dialog-${++dialogCount}`;
  const errorText = h('div', { class: 'error-text small', role: 'alert' });
  const submitButton = h('button', { class: `button ${kind}`, type: 'submit' }, action);
  const form = h(
    'form',
    { method: 'dialog' },
    h('h2', { id }, title),
    content,
    errorText,
    h(
      'div',
      { class: 'dialog-actions' },
      onSubmit && h('button', { class: 'button quiet', type: 'button', onclick: () => dialog.close() }, 'Cancel'),
      submitButton,
    ),
  );
  const dialog = h('dialog', { 'aria-labelledby': id, onclose: () => dialog.remove() }, form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    submitButton.disabled = true;
    try {
      await onSubmit?.(new FormData(form));
      dialog.close();
    } catch (error) {
      replaceContent(errorText, errorDetails(error));
      submitButton.disabled = false;
    }
  });
  document.getElementById('overlays').append(dialog);
  dialog.showModal();
  return { dialog };
}
