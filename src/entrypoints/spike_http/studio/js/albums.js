// The list of albums, and the page of an album that its owner shares.

import { openNewAlbumDialog, PRIVACY_LABELS } from './album_forms.js';
import { get } from './api.js';
import { h, replaceContent } from './dom.js';
import { createTile, loadMoreButton } from './grid.js';
import { stableUrl, toPicture } from './images.js';
import { navigate } from './router.js';

// Returns an album with a page of its images, the first one without a cursor; `nextCursor` is null on the last page.
export async function fetchAlbum(id, { token, cursor } = {}) {
  const query = new URLSearchParams({ ...(token && { shareToken: token }), ...(cursor && { cursor }) });
  const { album, nextCursor } = await get(`/api/albums/${id}?${query}`);
  return { ...album, nextCursor };
}

// Returns the album with its next page. An image that was moved to the end meanwhile is kept there.
export async function withNextPage(album, token) {
  const next = await fetchAlbum(album.id, { token, cursor: album.nextCursor });
  const fetched = new Set(next.images.map(({ id }) => id));
  return { ...next, images: [...album.images.filter(({ id }) => !fetched.has(id)), ...next.images] };
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
        cover && h('img', { src: stableUrl(cover.url), alt: '', loading: 'lazy' }),
      ),
      h('strong', {}, name),
      h('span', { class: 'muted' }, details),
    ),
  );
}

export async function sharedView({ id, token }) {
  let album = await fetchAlbum(id, { token });
  const grid = h('ul', { class: 'grid' });
  const footer = h('div');
  const loadMore = async () => {
    album = await withNextPage(album, token);
    render();
  };
  function render() {
    replaceContent(
      grid,
      album.images.map((image) => createTile(toPicture(image), { href: image.url })),
    );
    replaceContent(footer, album.nextCursor && loadMoreButton(loadMore));
  }
  render();
  return [
    h(
      'div',
      { class: 'page-head' },
      h('h1', { 'data-title': album.name }, album.name, h('span', { class: 'count' }, album.imageCount)),
    ),
    album.description && h('div', { class: 'album-details' }, album.description),
    grid,
    footer,
  ];
}
