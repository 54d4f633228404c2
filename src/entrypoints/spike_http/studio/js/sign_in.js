// The sign-in form of the landing page, and the same as a dialog.

import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { signIn } from './session.js';

export function signInForm() {
  const errorText = h('p', { class: 'error-text small', role: 'alert' });
  return h(
    'form',
    {
      class: 'stack tight',
      onsubmit: async (event) => {
        event.preventDefault();
        errorText.textContent = '';
        await signIn(new FormData(event.target).get('link')).catch((error) => {
          errorText.textContent = signInErrorText(error);
        });
      },
    },
    linkField(),
    errorText,
    h('button', { class: 'button', type: 'submit' }, 'Sign in'),
    signInHint(),
  );
}

const signInErrorText = (error) =>
  error.status === 401 ? `This link is invalid or has expired. Request ${error.requestId}` : error.message;
const linkField = () =>
  h(
    'label',
    { class: 'field' },
    h('span', {}, 'Sign-in link'),
    h('input', { name: 'link', type: 'password', autocomplete: 'current-password', required: true }),
  );
const signInHint = () =>
  h(
    'div',
    { class: 'tiny muted' },
    h('p', {}, 'Spike prints a link at its first start. Its operator can create another one with'),
    h('pre', {}, h('code', {}, 'spike users link you@example.org')),
  );

export function openSignInDialog(reason) {
  if (document.querySelector('dialog.sign-in')) return;
  const { dialog } = openDialog({
    title: 'Sign in',
    content: [reason && h('p', {}, reason), linkField(), signInHint()],
    action: 'Sign in',
    onSubmit: async (form) =>
      signIn(form.get('link')).catch((error) => {
        throw Object.assign(
          error,
          error.status === 401 && { message: signInErrorText(error), suggestion: '', requestId: '' },
        );
      }),
  });
  dialog.classList.add('sign-in');
}
