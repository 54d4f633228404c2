// The page of one album: its pictures in order, its settings and its link.

import { albumBody, albumFields, PRIVACY_LABELS } from './album_forms.js';
import { fetchAlbum } from './albums.js';
import { absoluteUrl, call } from './api.js';
import { openDialog } from './dialog.js';
import { h, iconButton, replaceContent } from './dom.js';
import { acceptFiles, fileButton } from './dropzone.js';
import { debounced, on } from './events.js';
import { enableDragging } from './grid.js';
import { imageSource } from './image_source.js';
import { selectionBar } from './picture_actions.js';
import { navigate } from './router.js';
import { createSelection } from './selection.js';
import { copyLink, sharedAlbumLink } from './share_links.js';
import { formatTokens, tierById } from './tiers.js';
import { showError, showToast } from './toasts.js';
import { upload } from './uploads.js';
import { virtualGrid } from './virtual_grid.js';

const IDS_PER_REQUEST = 100;
const UPLOADS_PAUSE_MS = 500; // after the last upload, until the album is loaded anew

export async function albumView({ id }, signal) {
  let album = await fetchAlbum(id);
  const header = h('div', { class: 'page-head' });
  const details = h('div', { class: 'album-details' });
  const footer = h('div');
  const announcement = h('p', { class: 'visually-hidden', role: 'status' });
  let isArranging = false;
  const uploadHere = (files) => upload(files, id);
  const reportErrors = (work) => work.catch((error) => signal.aborted || showError(error));
  const source = imageSource({ path: `/api/albums/${id}/layout` }, signal);
  const selection = createSelection(source);
  const imageIds = () => source.entries.map((entry) => entry.id);
  const grid = virtualGrid(
    {
      source,
      label: 'Pictures, in order',
      hrefOf: (entry) => `#/picture/${entry.id}`,
      selection,
      extraOf: (entry, index) => isArranging && moveButtons(entry, index),
      onKey: (event, entry) => {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (by && event.altKey) return reportErrors(move(entry.id, by)) && true;
        if (event.key === 'a' && (event.ctrlKey || event.metaKey))
          return reportErrors(source.loadAll().then(() => selection.add(imageIds()))) && true;
        return event.key === 'Escape' && selection.size ? (selection.clear() ?? true) : false;
      },
    },
    signal,
  );
  const bar = selectionBar(
    selection,
    {
      from: id,
      returnFocus: grid.focusTabStop,
      onMoved: () => reportErrors(reload()),
      sizesOf: (ids) => ids.map((each) => source.entries[grid.indexOf(each)]).filter(Boolean),
      extra: (size) =>
        [
          size === 1 &&
            bar.button('Set as cover', () =>
              reportErrors(updateAlbum({ coverImageId: selection.ids()[0] }).then(() => showToast('The cover is set'))),
            ),
          bar.button('Remove from album', () => reportErrors(removeSelected())),
        ].filter(Boolean),
    },
    signal,
  );
  async function removeSelected() {
    const ids = selection.ids();
    for (let from = 0; from < ids.length; from += IDS_PER_REQUEST)
      await call('DELETE', `/api/albums/${id}/images`, { body: { imageIds: ids.slice(from, from + IDS_PER_REQUEST) } });
    selection.clear();
    await reload();
  }

  source.onEntries = render;
  async function load(height = 0) {
    await source.reset(Math.ceil(height / 20));
    reportErrors(source.loadAhead());
  }
  const reload = async () => {
    album = await fetchAlbum(id);
    await load(scrollY);
  };

  async function reorder(next) {
    const byId = new Map(source.entries.map((entry) => [entry.id, entry]));
    const imageOrder = source.order(next.map((imageId) => byId.get(imageId)));
    render();
    try {
      await call('PATCH', `/api/albums/${id}/images`, { body: { imageOrder } });
    } catch (error) {
      showError(error);
      await reload();
    }
  }
  async function move(imageId, by) {
    const focused = document.activeElement?.dataset.move;
    await source.loadAll(); // an order is set for all images at once
    const next = imageIds();
    const from = next.indexOf(imageId);
    const to = Math.min(next.length - 1, Math.max(0, from + by));
    if (to === from) return;
    next.splice(to, 0, ...next.splice(from, 1));
    const done = reorder(next);
    grid.focusEntry(to);
    if (focused) grid.element.querySelector(`[data-id="${imageId}"] [data-move="${focused}"]:enabled`)?.focus();
    announcement.textContent = `${grid.pictureOf(imageId)?.name ?? 'The picture'} is now number ${to + 1} of ${next.length}`;
    await done;
  }
  const moveButtons = (entry, index) => {
    const name = () => grid.pictureOf(entry.id)?.name ?? 'the picture';
    return h(
      'div',
      { class: 'move-buttons' },
      iconButton('left', `Move ${name()} earlier`, () => reportErrors(move(entry.id, -1)), {
        'data-move': -1,
        disabled: index === 0,
      }),
      iconButton('right', `Move ${name()} later`, () => reportErrors(move(entry.id, 1)), {
        'data-move': 1,
        disabled: index === album.imageCount - 1,
      }),
    );
  };

  function render() {
    const link = album.privacy !== 'PRIVATE' && sharedAlbumLink(album);
    replaceContent(
      header,
      h('h1', { 'data-title': album.name }, album.name, h('span', { class: 'count' }, album.imageCount || '')),
      h(
        'div',
        { class: 'actions' },
        link &&
          h('button', { type: 'button', class: 'button compact quiet', onclick: () => copyLink(link) }, 'Copy link'),
        album.imageCount > 1 &&
          h(
            'button',
            {
              type: 'button',
              class: 'button compact quiet',
              'aria-pressed': String(isArranging),
              onclick: () => {
                isArranging = !isArranging;
                render();
              },
            },
            isArranging ? 'Done' : 'Arrange',
          ),
        album.imageCount > 0 &&
          h(
            'a',
            { class: 'button compact quiet', href: absoluteUrl(`/api/albums/${id}/download`), download: '' },
            'Download',
          ),
        h('button', { type: 'button', class: 'button compact quiet', onclick: openSettings }, 'Settings'),
        fileButton('Upload here', uploadHere),
      ),
    );
    replaceContent(
      details,
      h('span', {}, PRIVACY_LABELS[album.privacy]),
      h('span', {}, album.autoEnhance ? uploadsText(tierById(album.defaultTier)) : "Uploads aren't enhanced"),
      album.description && h('span', {}, album.description),
    );
    grid.element.hidden = !source.entries.length;
    grid.update();
    if (!source.hasMore) selection.keepListed();
    replaceContent(
      footer,
      !source.entries.length &&
        !source.hasMore &&
        h(
          'div',
          { class: 'empty' },
          h('div', { class: 'placeholders' }, ...[1.5, 0.8, 1].map((ratio) => h('i', { vars: { ratio } }))),
          h('h2', {}, 'This album is empty'),
          h('p', { class: 'muted' }, 'Drop pictures here, or select some in the library and move them here.'),
        ),
    );
  }
  const updateAlbum = async (body) => {
    album = { ...album, ...(await call('PATCH', `/api/albums/${id}`, { body })).album };
    selection.clear();
    render();
  };
  function openSettings() {
    const { dialog } = openDialog({
      title: 'Album',
      content: [
        albumFields(album),
        h(
          'button',
          {
            type: 'button',
            class: 'button quiet danger',
            onclick: () => {
              dialog.close();
              openDialog({
                title: `Delete ${album.name}?`,
                content: h('p', { class: 'muted' }, 'Its pictures stay in the library.'),
                action: 'Delete',
                kind: 'danger',
                onSubmit: async () => {
                  await call('DELETE', `/api/albums/${id}`);
                  navigate('#/albums');
                },
              });
            },
          },
          'Delete album',
        ),
      ],
      action: 'Save',
      onSubmit: (form) => updateAlbum(albumBody(form)),
    });
  }

  const isRightHalf = (tile, event) => event.clientX > tile.getBoundingClientRect().left + tile.offsetWidth / 2;
  enableDragging(
    grid.element,
    {
      onOver: (tile, event) => tile.classList.add(isRightHalf(tile, event) ? 'drop-after' : 'drop-before'),
      onDrop(moved, tile, event) {
        const isAfter = isRightHalf(tile, event);
        const drop = async () => {
          await source.loadAll();
          const next = imageIds().filter((each) => each !== moved);
          next.splice(next.indexOf(tile.dataset.id) + isAfter, 0, moved);
          await reorder(next);
        };
        reportErrors(drop());
      },
    },
    signal,
  );
  acceptFiles({ text: `Add to ${album.name}`, onFiles: uploadHere }, signal);
  const reloadSoon = debounced(() => reportErrors(reload()), UPLOADS_PAUSE_MS, signal); // uploads come many at a time
  on('images-changed', reloadSoon, signal);
  on('uploaded', ({ albumId }) => albumId === id && reloadSoon(), signal);
  on(
    'image-deleted',
    (imageId) => {
      if (grid.indexOf(imageId) !== undefined) reportErrors(reload());
    },
    signal,
  );
  await load(history.state?.scroll);
  return [header, details, grid.element, footer, announcement, bar.element];
}

const uploadsText = ({ name, price }) =>
  price === undefined
    ? `${name} is no longer on offer: choose another tier for uploads in the settings`
    : `Uploads are enhanced at ${name}, ${formatTokens(price)} each`;
