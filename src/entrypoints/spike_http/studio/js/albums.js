// The list of albums, and the page of an album that its owner shares.

import { openNewAlbumDialog, PRIVACY_LABELS } from './album_forms.js';
import { get } from './api.js';
import { h } from './dom.js';
import { createTile } from './grid.js';
import { stableUrl, toPicture } from './images.js';
import { navigate } from './router.js';

export const fetchAlbum = async (id, token) =>
  (await get(`/api/albums/${id}${token ? `?shareToken=${token}` : ''}`)).album;

export async function albumsView(_parameters, signal) {
  const { albums } = await get('/api/albums');
  const createAlbum = () => openNewAlbumDialog((album) => navigate(`#/albums/${album.id}`));
  const covers = albums.map((album) => {
    const cover = h('div', { class: 'cover no-cover' });
    const details = h('span', { class: 'muted' }, PRIVACY_LABELS[album.privacy]);
    return {
      album,
      cover,
      details,
      element: h(
        'li',
        {},
        h('a', { class: 'album', href: `#/albums/${album.id}` }, cover, h('strong', {}, album.name), details),
      ),
    };
  });
  // the list holds no image URLs, so each album is requested when its cover scrolls into view
  const visibility = new IntersectionObserver((entries) =>
    entries
      .filter((entry) => entry.isIntersecting)
      .forEach(async ({ target }) => {
        visibility.unobserve(target);
        const { album, cover, details } = covers.find((each) => each.cover === target);
        const { images } = await fetchAlbum(album.id);
        details.textContent = `${images.length} picture${images.length === 1 ? '' : 's'}, ${PRIVACY_LABELS[album.privacy].toLowerCase()}`;
        const first = images.find(({ id }) => id === album.coverImageId) ?? images[0];
        if (first) {
          cover.classList.remove('no-cover');
          cover.append(h('img', { src: stableUrl(first.url), alt: '' }));
        }
      }),
  );
  for (const { cover } of covers) visibility.observe(cover);
  signal.addEventListener('abort', () => visibility.disconnect());
  return [
    h(
      'div',
      { class: 'page-head' },
      h('h1', { 'data-title': 'Albums' }, 'Albums', h('span', { class: 'count' }, albums.length || '')),
      h('button', { type: 'button', class: 'button primary', onclick: createAlbum }, 'New album'),
    ),
    albums.length
      ? h(
          'ul',
          { class: 'albums' },
          covers.map(({ element }) => element),
        )
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

export async function sharedView({ id, token }) {
  const album = await fetchAlbum(id, token);
  return [
    h(
      'div',
      { class: 'page-head' },
      h('h1', { 'data-title': album.name }, album.name, h('span', { class: 'count' }, album.images.length)),
    ),
    album.description && h('div', { class: 'album-details' }, album.description),
    h(
      'ul',
      { class: 'grid' },
      album.images.map((image) => createTile(toPicture(image), { href: image.url })),
    ),
  ];
}
