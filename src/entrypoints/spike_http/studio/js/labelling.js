// What a picture is called, who may see it, how its shown version was made, and its end.

import { ask } from './dialog.js';
import { fill, h } from './dom.js';
import { change, remove } from './images.js';
import { troubles } from './notices.js';
import { go } from './router.js';

export function labels(image, made) {
  const saved = h('p', { class: 'small', role: 'status' });
  return h(
    'details',
    { class: 'fold' },
    h('summary', {}, 'Details'),
    made,
    h(
      'form',
      {
        class: 'stack',
        onsubmit: async (event) => {
          event.preventDefault();
          const form = new FormData(event.target);
          saved.textContent = '';
          try {
            await change(image.id, {
              name: form.get('name'),
              description: form.get('description') || null,
              isPublic: form.has('isPublic'),
            });
            document.querySelector('.panel h1').textContent = form.get('name');
            saved.textContent = 'Saved';
          } catch (error) {
            fill(saved, troubles(error));
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
        { class: 'check' },
        h('input', { type: 'checkbox', name: 'isPublic', checked: image.isPublic }),
        'Everybody may see it',
      ),
      saved,
      h(
        'div',
        { class: 'row spread' },
        h('button', { type: 'submit', class: 'button slim' }, 'Save'),
        h(
          'button',
          {
            type: 'button',
            class: 'button slim quiet warn',
            onclick: () =>
              ask({
                title: 'Delete this picture?',
                content: h(
                  'p',
                  { class: 'soft' },
                  'It goes with all its versions. Jobs under way are cancelled and their tokens come back.',
                ),
                action: 'Delete',
                kind: 'warn',
                act: async () => {
                  await remove(image.id);
                  go('#/');
                },
              }),
          },
          'Delete',
        ),
      ),
    ),
  );
}
