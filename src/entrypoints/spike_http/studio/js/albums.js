// The list of albums.

import { openNewAlbumDialog, PRIVACY_LABELS } from './album_forms.js';
import { get } from './api.js';
import { h } from './dom.js';
import { stableUrl } from './images.js';
import { navigate } from './router.js';

// Returns an album with a page of its images, the first one without a cursor; `nextCursor` is null on the last page.
export async function fetchAlbum(id, { token, cursor } = {}) {
  const query = new URLSearchParams({ ...(token && { shareToken: token }), ...(cursor && { cursor }) });
  const { album, nextCursor } = await get(`/api/albums/${id}?${query}`);
  return { ...album, nextCursor };
}

export async function albumsView() {
  const { albums } = await get('/api/albums');
  const createAlbum = () => openNewAlbumDialog((album) => navigate(`#/albums/${album.id}`));
  return [
    h(
      'div',
      { class: 'page-head' },
      h('h1', { 'data-title': 'Albums' }, 'Albums', h('span', { class: 'count' }, albums.length || '')),
      h('button', { type: 'button', class: 'button primary', onclick: createAlbum }, 'New album'),
    ),
    albums.length
      ? h('ul', { class: 'albums' }, albums.map(albumItem))
      : h(
          'div',
          { class: 'empty' },
          h('div', { class: 'placeholders' }, ...[1, 1.4, 0.8].map((ratio) => h('i', { vars: { ratio } }))),
          h('h2', {}, 'No albums yet'),
          h(
            'p',
            { class: 'muted' },
            'An album keeps pictures in order, can be shared, and sets the tier at which its uploads are enhanced.',
          ),
        ),
  ];
}

function albumItem({ id, name, privacy, imageCount, cover }) {
  const details = `${imageCount} picture${imageCount === 1 ? '' : 's'}, ${PRIVACY_LABELS[privacy].toLowerCase()}`;
  return h(
    'li',
    {},
    h(
      'a',
      { class: 'album', href: `#/albums/${id}` },
      h(
        'div',
        { class: `cover${cover ? '' : ' no-cover'}` },
        cover && h('img', { src: stableUrl(cover.thumbnailUrl ?? cover.url), alt: '', loading: 'lazy' }),
      ),
      h('strong', {}, name),
      h('span', { class: 'muted' }, details),
    ),
  );
}
