// One album: its pictures in order, its settings and its link.

import { reading, SEEN_BY } from './albums.js';
import { at, call } from './api.js';
import { asPicture } from './blending.js';
import { on } from './bus.js';
import { ask } from './dialog.js';
import { fill, h, iconButton } from './dom.js';
import { albumBody, albumFields, askForAlbum } from './moving.js';
import { complain, say } from './notices.js';
import { chooser, receive } from './receiving.js';
import { go } from './router.js';
import { draggable, print, showJobs } from './sheet.js';
import { tier, tokens } from './tiers.js';
import { upload } from './uploads.js';

export async function albumView({ id }, signal) {
  let album = await reading(id);
  const sheet = h('ul', { class: 'sheet', 'aria-label': 'Pictures, in order' });
  const head = h('div', { class: 'page-head' });
  const facts = h('div', { class: 'album-facts' });
  const rest = h('div');
  const live = h('p', { class: 'unseen', role: 'status' });
  const deed = h('div', { class: 'deed', role: 'toolbar', 'aria-label': 'Selected pictures', hidden: true });
  const picked = new Set();
  let arranging = false;
  const ids = () => album.images.map((image) => image.id);
  const into = (files) => upload(files, id);
  const reload = async () => {
    album = await reading(id);
    picked.clear();
    draw();
  };
  const attempt = (work) => work.catch(complain);

  async function order(next) {
    const before = album.images;
    album.images = next.map((imageId) => before.find((image) => image.id === imageId));
    draw();
    try {
      await call('PATCH', `/api/albums/${id}/images`, { body: { imageOrder: next } });
    } catch (error) {
      complain(error);
      await reload();
    }
  }
  async function shift(imageId, by) {
    const next = ids();
    const from = next.indexOf(imageId);
    const to = Math.min(next.length - 1, Math.max(0, from + by));
    if (to === from) return;
    next.splice(to, 0, ...next.splice(from, 1));
    const focused = document.activeElement?.dataset.shift;
    const done = order(next);
    const place = sheet.querySelector(`[data-id="${imageId}"]`);
    (place.querySelector(`[data-shift="${focused}"]:enabled`) ?? place.querySelector('a')).focus();
    live.textContent = `${album.images[to].name} is number ${to + 1} of ${next.length} now`;
    await done;
  }
  const shifter = (image, place) =>
    h(
      'div',
      { class: 'shift' },
      iconButton('left', `Move ${image.name} earlier`, () => shift(image.id, -1), {
        'data-shift': -1,
        disabled: place === 0,
      }),
      iconButton('right', `Move ${image.name} later`, () => shift(image.id, 1), {
        'data-shift': 1,
        disabled: place === album.images.length - 1,
      }),
    );

  function draw() {
    const share = album.privacy === 'UNLISTED' ? `/${album.shareToken}` : '';
    fill(
      head,
      h('h1', { 'data-title': album.name }, album.name, h('span', { class: 'count' }, album.images.length || '')),
      h(
        'div',
        { class: 'acts' },
        album.privacy !== 'PRIVATE' &&
          h(
            'button',
            { type: 'button', class: 'button slim quiet', onclick: () => copy(`${at('/')}#/shared/${id}${share}`) },
            'Copy link',
          ),
        album.images.length > 1 &&
          h(
            'button',
            {
              type: 'button',
              class: 'button slim quiet',
              'aria-pressed': String(arranging),
              onclick: () => {
                arranging = !arranging;
                draw();
              },
            },
            arranging ? 'Done' : 'Arrange',
          ),
        h('button', { type: 'button', class: 'button slim quiet', onclick: settings }, 'Settings'),
        chooser('Upload here', into),
      ),
    );
    fill(
      facts,
      h('span', {}, SEEN_BY[album.privacy]),
      h(
        'span',
        {},
        album.autoEnhance
          ? `Uploads at ${tier(album.defaultTier).name}, ${tokens(tier(album.defaultTier).price)} each`
          : 'Uploads stay as they are',
      ),
      album.description && h('span', {}, album.description),
    );
    fill(
      sheet,
      album.images.map((image, place) =>
        print(asPicture(image), {
          href: `#/picture/${image.id}`,
          picked: picked.has(image.id),
          extra: arranging && shifter(image, place),
          onpick: (_picture, isOn) => {
            isOn ? picked.add(image.id) : picked.delete(image.id);
            drawDeed();
          },
        }),
      ),
    );
    fill(
      rest,
      !album.images.length &&
        h(
          'div',
          { class: 'empty' },
          h('h2', {}, 'An empty album'),
          h('p', { class: 'soft' }, 'Drop pictures here, or select some in the library and move them.'),
        ),
    );
    drawDeed();
  }
  function drawDeed() {
    const chosen = ids().filter((each) => picked.has(each));
    const act = (text, onclick) => h('button', { type: 'button', class: 'button slim quiet', onclick }, text);
    deed.hidden = !chosen.length;
    fill(
      deed,
      h('strong', {}, `${chosen.length} selected`),
      chosen.length === 1 &&
        act('Make it the cover', () =>
          attempt(patch({ coverImageId: chosen[0] }).then(() => say('This is the cover now'))),
        ),
      act('Move to album', () => attempt(askForAlbum(chosen, id, reload))),
      act('Take out', () =>
        attempt(call('DELETE', `/api/albums/${id}/images`, { body: { imageIds: chosen } }).then(reload)),
      ),
      act('Done', () => {
        picked.clear();
        draw();
      }),
    );
  }
  const patch = async (body) => {
    album = { ...album, ...(await call('PATCH', `/api/albums/${id}`, { body })).album };
    picked.clear();
    draw();
  };
  function settings() {
    const { dialog } = ask({
      title: 'Album',
      content: [
        albumFields(album),
        h(
          'button',
          {
            type: 'button',
            class: 'button quiet warn',
            onclick: () => {
              dialog.close();
              ask({
                title: `Delete ${album.name}?`,
                content: h('p', { class: 'soft' }, 'Its pictures stay in the library.'),
                action: 'Delete',
                kind: 'warn',
                act: async () => {
                  await call('DELETE', `/api/albums/${id}`);
                  go('#/albums');
                },
              });
            },
          },
          'Delete the album',
        ),
      ],
      action: 'Save',
      act: (form) => patch(albumBody(form)),
    });
  }

  sheet.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const place = event.target.closest('.print');
    if (!by || !event.altKey || !place) return;
    event.preventDefault();
    shift(place.dataset.id, by);
  });
  const isLate = (place, event) => event.clientX > place.getBoundingClientRect().left + place.offsetWidth / 2;
  draggable(
    sheet,
    {
      over: (place, event) => place.classList.add(isLate(place, event) ? 'after-me' : 'before-me'),
      drop(moved, place, event) {
        const next = ids().filter((each) => each !== moved);
        next.splice(next.indexOf(place.dataset.id) + isLate(place, event), 0, moved);
        order(next);
      },
    },
    signal,
  );
  receive({ text: `Into ${album.name}`, take: into }, signal);
  on('uploaded', ({ albumId }) => albumId === id && attempt(reload()), signal);
  on('image-gone', () => attempt(reload()), signal);
  showJobs(sheet, signal);
  draw();
  return [head, facts, sheet, rest, live, deed];
}

async function copy(link) {
  try {
    await navigator.clipboard.writeText(link);
    say('The link is copied');
  } catch {
    ask({
      title: 'Link to the album',
      content: h(
        'label',
        { class: 'field' },
        h('span', {}, 'Copy it from here'),
        h('input', { value: link, readonly: true }),
      ),
      action: 'Done',
      act() {},
    });
  }
}
