// Albums: the list of them, and one that another account shares.

import { get } from './api.js';
import { asPicture } from './blending.js';
import { h } from './dom.js';
import { steady } from './images.js';
import { askForNewAlbum } from './moving.js';
import { go } from './router.js';
import { print } from './sheet.js';

export const SEEN_BY = { PRIVATE: 'Only you', UNLISTED: 'Whoever has the link', PUBLIC: 'Everybody' };
export const reading = async (id, token) =>
  (await get(`/api/albums/${id}${token ? `?shareToken=${token}` : ''}`)).album;

export async function albumsView(_parameters, signal) {
  const { albums } = await get('/api/albums');
  const make = () => askForNewAlbum((album) => go(`#/albums/${album.id}`));
  const covers = albums.map((album) => {
    const cover = h('div', { class: 'cover bare' });
    const facts = h('span', { class: 'soft' }, SEEN_BY[album.privacy]);
    return {
      album,
      cover,
      facts,
      element: h(
        'li',
        {},
        h('a', { class: 'album', href: `#/albums/${album.id}` }, cover, h('strong', {}, album.name), facts),
      ),
    };
  });
  // the list has no pictures, so each album in sight is asked for its own
  const sight = new IntersectionObserver((entries) =>
    entries
      .filter((entry) => entry.isIntersecting)
      .forEach(async ({ target }) => {
        sight.unobserve(target);
        const { album, cover, facts } = covers.find((each) => each.cover === target);
        const { images } = await reading(album.id);
        facts.textContent = `${images.length} picture${images.length === 1 ? '' : 's'}, ${SEEN_BY[album.privacy].toLowerCase()}`;
        const first = images.find(({ id }) => id === album.coverImageId) ?? images[0];
        if (first) {
          cover.classList.remove('bare');
          cover.append(h('img', { src: steady(first.url), alt: '' }));
        }
      }),
  );
  for (const { cover } of covers) sight.observe(cover);
  signal.addEventListener('abort', () => sight.disconnect());
  return [
    h(
      'div',
      { class: 'page-head' },
      h('h1', { 'data-title': 'Albums' }, 'Albums', h('span', { class: 'count' }, albums.length || '')),
      h('button', { type: 'button', class: 'button main', onclick: make }, 'New album'),
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
          h('div', { class: 'marks' }, ...[1, 1.4, 0.8].map((ratio) => h('i', { vars: { ratio } }))),
          h('h2', {}, 'No albums yet'),
          h(
            'p',
            { class: 'soft' },
            'An album keeps pictures in an order, shows them to whom you like, and says at which tier uploads into it are enhanced.',
          ),
        ),
  ];
}

export async function sharedView({ id, token }) {
  const album = await reading(id, token);
  return [
    h(
      'div',
      { class: 'page-head' },
      h('h1', { 'data-title': album.name }, album.name, h('span', { class: 'count' }, album.images.length)),
    ),
    album.description && h('div', { class: 'album-facts' }, album.description),
    h(
      'ul',
      { class: 'sheet' },
      album.images.map((image) => print(asPicture(image), { href: image.url })),
    ),
  ];
}
