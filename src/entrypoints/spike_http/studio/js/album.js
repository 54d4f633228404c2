// The page of one album: its pictures in order, its settings and its link.

import { albumBody, albumFields, openMoveDialog, PRIVACY_LABELS } from './album_forms.js';
import { fetchAlbum, withNextPage } from './albums.js';
import { absoluteUrl, call } from './api.js';
import { openDialog } from './dialog.js';
import { h, iconButton, replaceContent } from './dom.js';
import { acceptFiles, fileButton } from './dropzone.js';
import { on } from './events.js';
import { createTile, enableDragging, loadMoreButton, showJobProgress } from './grid.js';
import { toPicture } from './images.js';
import { navigate } from './router.js';
import { formatTokens, tierById } from './tiers.js';
import { showError, showToast } from './toasts.js';
import { upload } from './uploads.js';

export async function albumView({ id }, signal) {
  let album = await fetchAlbum(id);
  const grid = h('ul', { class: 'grid', 'aria-label': 'Pictures, in order' });
  const header = h('div', { class: 'page-head' });
  const details = h('div', { class: 'album-details' });
  const footer = h('div');
  const announcement = h('p', { class: 'visually-hidden', role: 'status' });
  const selectionBar = h('div', {
    class: 'selection-bar',
    role: 'toolbar',
    'aria-label': 'Selected pictures',
    hidden: true,
  });
  const selected = new Set();
  let isArranging = false;
  const imageIds = () => album.images.map((image) => image.id);
  const uploadHere = (files) => upload(files, id);
  const loadMore = async () => {
    album = await withNextPage(album);
    render();
  };
  // an order is set for all images at once
  const loadAll = async () => {
    if (!album.nextCursor) return;
    while (album.nextCursor) album = await withNextPage(album);
    render();
  };
  const reload = async () => {
    const shownCount = album.nextCursor ? album.images.length : Number.POSITIVE_INFINITY;
    let fresh = await fetchAlbum(id);
    while (fresh.nextCursor && fresh.images.length < shownCount) fresh = await withNextPage(fresh);
    album = fresh;
    selected.clear();
    render();
  };
  const reportErrors = (work) => work.catch(showError);

  async function reorder(next) {
    const byId = new Map(album.images.map((image) => [image.id, image]));
    album.images = next.map((imageId) => byId.get(imageId));
    render();
    try {
      await call('PATCH', `/api/albums/${id}/images`, { body: { imageOrder: next } });
    } catch (error) {
      showError(error);
      await reload();
    }
  }
  async function move(imageId, by) {
    const focused = document.activeElement?.dataset.move;
    await loadAll();
    const next = imageIds();
    const from = next.indexOf(imageId);
    const to = Math.min(next.length - 1, Math.max(0, from + by));
    if (to === from) return;
    next.splice(to, 0, ...next.splice(from, 1));
    const done = reorder(next);
    const tile = grid.querySelector(`[data-id="${imageId}"]`);
    (tile.querySelector(`[data-move="${focused}"]:enabled`) ?? tile.querySelector('a')).focus();
    announcement.textContent = `${album.images[to].name} is now number ${to + 1} of ${next.length}`;
    await done;
  }
  const moveButtons = (image, index) =>
    h(
      'div',
      { class: 'move-buttons' },
      iconButton('left', `Move ${image.name} earlier`, () => reportErrors(move(image.id, -1)), {
        'data-move': -1,
        disabled: index === 0,
      }),
      iconButton('right', `Move ${image.name} later`, () => reportErrors(move(image.id, 1)), {
        'data-move': 1,
        disabled: index === album.imageCount - 1,
      }),
    );

  function render() {
    const tokenPath = album.privacy === 'UNLISTED' ? `/${album.shareToken}` : '';
    replaceContent(
      header,
      h('h1', { 'data-title': album.name }, album.name, h('span', { class: 'count' }, album.imageCount || '')),
      h(
        'div',
        { class: 'actions' },
        album.privacy !== 'PRIVATE' &&
          h(
            'button',
            {
              type: 'button',
              class: 'button compact quiet',
              onclick: () => copyLink(`${absoluteUrl('/')}#/shared/${id}${tokenPath}`),
            },
            'Copy link',
          ),
        album.images.length > 1 &&
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
    replaceContent(
      grid,
      album.images.map((image, index) =>
        createTile(toPicture(image), {
          href: `#/picture/${image.id}`,
          isSelected: selected.has(image.id),
          extra: isArranging && moveButtons(image, index),
          onSelect: (_picture, isSelected) => {
            isSelected ? selected.add(image.id) : selected.delete(image.id);
            renderSelectionBar();
          },
        }),
      ),
    );
    replaceContent(
      footer,
      album.nextCursor && loadMoreButton(loadMore),
      !album.images.length &&
        h(
          'div',
          { class: 'empty' },
          h('h2', {}, 'This album is empty'),
          h('p', { class: 'muted' }, 'Drop pictures here, or select some in the library and move them here.'),
        ),
    );
    renderSelectionBar();
  }
  function renderSelectionBar() {
    const selectedIds = imageIds().filter((imageId) => selected.has(imageId));
    const button = (text, onclick) => h('button', { type: 'button', class: 'button compact quiet', onclick }, text);
    selectionBar.hidden = !selectedIds.length;
    replaceContent(
      selectionBar,
      h('strong', {}, `${selectedIds.length} selected`),
      selectedIds.length === 1 &&
        button('Set as cover', () =>
          reportErrors(updateAlbum({ coverImageId: selectedIds[0] }).then(() => showToast('The cover is set'))),
        ),
      button('Move to album', () => reportErrors(openMoveDialog(selectedIds, id, reload))),
      button('Remove from album', () =>
        reportErrors(call('DELETE', `/api/albums/${id}/images`, { body: { imageIds: selectedIds } }).then(reload)),
      ),
      button('Done', () => {
        selected.clear();
        render();
      }),
    );
  }
  const updateAlbum = async (body) => {
    album = { ...album, ...(await call('PATCH', `/api/albums/${id}`, { body })).album };
    selected.clear();
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

  grid.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const tile = event.target.closest('.tile');
    if (!by || !event.altKey || !tile) return;
    event.preventDefault();
    reportErrors(move(tile.dataset.id, by));
  });
  const isRightHalf = (tile, event) => event.clientX > tile.getBoundingClientRect().left + tile.offsetWidth / 2;
  enableDragging(
    grid,
    {
      onOver: (tile, event) => tile.classList.add(isRightHalf(tile, event) ? 'drop-after' : 'drop-before'),
      onDrop(moved, tile, event) {
        const isAfter = isRightHalf(tile, event);
        const drop = async () => {
          await loadAll();
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
  on('uploaded', ({ albumId }) => albumId === id && reportErrors(reload()), signal);
  on('image-deleted', () => reportErrors(reload()), signal);
  showJobProgress(grid, signal);
  render();
  return [header, details, grid, footer, announcement, selectionBar];
}

async function copyLink(link) {
  try {
    await navigator.clipboard.writeText(link);
    showToast('Link copied');
  } catch {
    openDialog({
      title: 'Album link',
      content: h(
        'label',
        { class: 'field' },
        h('span', {}, 'Copy this link'),
        h('input', { value: link, readonly: true }),
      ),
      action: 'Done',
      onSubmit() {},
    });
  }
}

const uploadsText = ({ name, price }) =>
  price === undefined
    ? `${name} is no longer on offer: choose another tier for uploads in the settings`
    : `Uploads are enhanced at ${name}, ${formatTokens(price)} each`;
