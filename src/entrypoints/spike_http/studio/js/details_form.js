// The details of an image: name, description, visibility, the method of the version shown, and deletion.

import { openDialog } from './dialog.js';
import { h, replaceContent } from './dom.js';
import { deleteImage, updateImage } from './images.js';
import { navigate } from './router.js';
import { errorDetails } from './toasts.js';

export function detailsForm(image, method) {
  const status = h('p', { class: 'small', role: 'status' });
  return h(
    'details',
    { class: 'disclosure' },
    h('summary', {}, 'Details'),
    method,
    h(
      'form',
      {
        class: 'stack',
        onsubmit: async (event) => {
          event.preventDefault();
          const form = new FormData(event.target);
          status.textContent = '';
          try {
            await updateImage(image.id, {
              name: form.get('name'),
              description: form.get('description') || null,
              isPublic: form.has('isPublic'),
            });
            document.querySelector('.panel h1').textContent = form.get('name');
            status.textContent = 'Saved';
          } catch (error) {
            replaceContent(status, errorDetails(error));
          }
        },
      },
      h(
        'label',
        { class: 'field' },
        h('span', {}, 'Name'),
        h('input', { name: 'name', value: image.name, required: true, maxlength: 255 }),
      ),
      h(
        'label',
        { class: 'field' },
        h('span', {}, 'Description'),
        h('textarea', { name: 'description', maxlength: 2000, rows: 3, value: image.description ?? '' }),
      ),
      h(
        'label',
        { class: 'checkbox' },
        h('input', { type: 'checkbox', name: 'isPublic', checked: image.isPublic }),
        'Everyone can see it',
      ),
      status,
      h(
        'div',
        { class: 'row spread' },
        h('button', { type: 'submit', class: 'button compact' }, 'Save'),
        h(
          'button',
          {
            type: 'button',
            class: 'button compact quiet danger',
            onclick: () =>
              openDialog({
                title: 'Delete this picture?',
                content: h(
                  'p',
                  { class: 'muted' },
                  'All its versions are deleted too. Unfinished jobs are cancelled and their tokens are refunded.',
                ),
                action: 'Delete',
                kind: 'danger',
                onSubmit: async () => {
                  await deleteImage(image.id);
                  navigate('#/');
                },
              }),
          },
          'Delete',
        ),
      ),
    ),
  );
}
