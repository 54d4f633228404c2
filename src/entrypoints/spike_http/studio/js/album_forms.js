// The dialogs of albums: create one, move images into one; and the fields that its settings share with them.

import { call, get, post } from './api.js';
import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { defaultTierFor, formatTokens, paidTiersFor } from './tiers.js';
import { showToast } from './toasts.js';

export const PRIVACY_LABELS = { PRIVATE: 'Only you', UNLISTED: 'Anyone with the link', PUBLIC: 'Everyone' };

export function albumFields(album = {}) {
  const select = (name, text, value, options) =>
    h(
      'label',
      { class: 'field' },
      h('span', {}, text),
      h(
        'select',
        { name },
        options.map(([id, label]) => h('option', { value: id, selected: id === value }, label)),
      ),
    );
  return [
    h(
      'label',
      { class: 'field' },
      h('span', {}, 'Name'),
      h('input', { name: 'name', value: album.name ?? '', maxlength: 100, required: true }),
    ),
    h(
      'label',
      { class: 'field' },
      h('span', {}, 'Description'),
      h('textarea', { name: 'description', maxlength: 2000, rows: 2, value: album.description ?? '' }),
    ),
    select('privacy', 'Who can see it', album.privacy ?? 'PRIVATE', Object.entries(PRIVACY_LABELS)),
    select(
      'defaultTier',
      'Enhance uploads',
      album.autoEnhance === false ? 'NONE' : (album.defaultTier ?? defaultTierFor('enhancement')),
      [
        ...paidTiersFor('enhancement').map(({ id, name, price }) => [id, `At ${name}, ${formatTokens(price)} each`]),
        ['NONE', 'No'],
      ],
    ),
  ];
}

export function albumBody(form) {
  const tier = form.get('defaultTier');
  return {
    name: form.get('name'),
    description: form.get('description') || null,
    privacy: form.get('privacy'),
    autoEnhance: tier !== 'NONE',
    ...(tier !== 'NONE' && { defaultTier: tier }),
  };
}

export function openNewAlbumDialog(onCreate) {
  openDialog({
    title: 'New album',
    content: albumFields(),
    action: 'Create',
    async onSubmit(form) {
      const { description, ...body } = albumBody(form);
      onCreate((await post('/api/albums', description ? { ...body, description } : body)).album);
    },
  });
}

// Asks for an album and moves the images into it; if they are shown in an album, its id is `from` and they are removed from it.
export async function openMoveDialog(ids, from, onMove) {
  const albums = (await get('/api/albums')).albums.filter(({ id }) => id !== from);
  const move = async (album) => {
    for (let start = 0; start < ids.length; start += 100) {
      const imageIds = ids.slice(start, start + 100);
      await call('POST', '/api/images/move-to-album', {
        body: { imageIds, targetAlbumId: album.id, ...(from && { removeFromSourceAlbum: from }) },
      });
    }
    showToast(`${ids.length} moved to `, h('a', { href: `#/albums/${album.id}` }, album.name));
    onMove();
  };
  if (!albums.length) return openNewAlbumDialog(move);
  return openDialog({
    title: ids.length === 1 ? 'Move the picture to' : `Move ${ids.length} pictures to`,
    content: h(
      'fieldset',
      {},
      h('legend', { class: 'visually-hidden' }, 'Album'),
      albums.map((album, index) =>
        h(
          'label',
          { class: 'checkbox' },
          h('input', { type: 'radio', name: 'album', value: album.id, checked: !index }),
          album.name,
        ),
      ),
    ),
    action: 'Move',
    onSubmit: (form) => move(albums.find(({ id }) => id === form.get('album'))),
  });
}
