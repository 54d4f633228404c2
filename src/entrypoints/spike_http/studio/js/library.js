// The library: all images of the account, newest first.

import { openMoveDialog } from './album_forms.js';
import { postOnce } from './api.js';
import { openBlendDialog } from './blend_dialog.js';
import { openDialog } from './dialog.js';
import { h, replaceContent } from './dom.js';
import { acceptFiles, fileButton } from './dropzone.js';
import { on } from './events.js';
import { createTile, enableDragging, loadMoreButton, markDropTarget, showJobProgress } from './grid.js';
import { deleteImage, fetchPage, toPicture } from './images.js';
import { pollJobs } from './job_polling.js';
import { tierPicker } from './tier_picker.js';
import { defaultOrder, firstChoiceFor, formatTokens, tiersFor } from './tiers.js';
import { showToast } from './toasts.js';
import { upload } from './uploads.js';
import { setBalance } from './wallet.js';

export async function libraryView(_parameters, signal) {
  const pictures = new Map();
  const grid = h('ul', { class: 'grid', 'aria-label': 'Pictures' });
  const count = h('span', { class: 'count' });
  const footer = h('div');
  const selection = selectionBar(pictures, signal);
  const tileOf = (image) => {
    const picture = toPicture(image);
    pictures.set(picture.id, picture);
    return createTile(picture, { href: `#/picture/${picture.id}`, onSelect: selection.onSelect });
  };
  let cursor;

  async function loadMore() {
    const { images, nextCursor } = await fetchPage(cursor);
    cursor = nextCursor;
    grid.append(...images.filter(({ id }) => !pictures.has(id)).map(tileOf));
    render();
  }
  function render() {
    count.textContent = pictures.size ? `${pictures.size}${cursor ? '+' : ''}` : '';
    grid.hidden = !pictures.size;
    replaceContent(
      footer,
      !pictures.size &&
        h(
          'div',
          { class: 'empty' },
          h('div', { class: 'placeholders' }, ...[0.7, 1.5, 1].map((ratio) => h('i', { vars: { ratio } }))),
          h('h2', {}, 'No pictures yet'),
          h(
            'p',
            { class: 'muted' },
            `Drop photographs anywhere on this page, paste one, or choose files. Each upload is enhanced ${defaultOrder()}.`,
          ),
        ),
      cursor && loadMoreButton(loadMore),
    );
  }

  await loadMore();
  showJobProgress(grid, signal);
  acceptFiles({ text: `Each picture is enhanced ${defaultOrder()}`, onFiles: (files) => upload(files) }, signal);
  enableDragging(
    grid,
    {
      onOver: (target) => markDropTarget(target, `Blend into ${pictures.get(target.dataset.id).name}`),
      onDrop: (id, target) => openBlendDialog(pictures.get(target.dataset.id), pictures.get(id)),
      onDropFile: (file, target) =>
        openBlendDialog(pictures.get(target.dataset.id), { file, name: file.name, url: URL.createObjectURL(file) }),
    },
    signal,
  );
  on(
    'uploaded',
    ({ image }) => {
      if (!pictures.has(image.id)) {
        grid.prepend(tileOf(image));
        render();
      }
    },
    signal,
  );
  on(
    'image-deleted',
    (id) => {
      grid.querySelector(`[data-id="${id}"]`)?.remove();
      pictures.delete(id);
      render();
    },
    signal,
  );
  return [
    h(
      'div',
      { class: 'page-head' },
      h('h1', { 'data-title': 'Library' }, 'Library', count),
      fileButton('Upload pictures', (files) => upload(files)),
    ),
    grid,
    footer,
    selection.element,
  ];
}

// The bar of actions on the selected images.
function selectionBar(pictures, signal) {
  const selected = new Set();
  const element = h('div', {
    class: 'selection-bar',
    role: 'toolbar',
    'aria-label': 'Selected pictures',
    hidden: true,
  });
  const button = (text, onclick, props) =>
    h('button', { type: 'button', class: 'button compact quiet', onclick, ...props }, text);
  const clear = () => {
    selected.clear();
    for (const input of document.querySelectorAll('.select-box input')) {
      input.checked = false;
      input.closest('.tile').classList.remove('selected');
    }
    render();
  };
  function render() {
    element.hidden = !selected.size;
    const ids = [...selected];
    replaceContent(
      element,
      h('strong', {}, `${ids.length} selected`),
      button('Enhance', () => openEnhanceDialog(ids, clear)),
      button('Move to album', () => openMoveDialog(ids, undefined, clear)),
      ids.length === 2 && button('Blend', () => openBlendDialog(pictures.get(ids[0]), pictures.get(ids[1]), clear)),
      button('Delete', () => openDeleteDialog(ids, clear), { class: 'button compact quiet danger' }),
      button('Done', clear),
    );
  }
  on('image-deleted', (id) => selected.delete(id) && render(), signal);
  return {
    element,
    onSelect(picture, isSelected) {
      isSelected ? selected.add(picture.id) : selected.delete(picture.id);
      render();
    },
  };
}

function openEnhanceDialog(imageIds, onStart) {
  const lifetime = new AbortController();
  const picker = tierPicker(
    { tiers: tiersFor('enhancement'), count: imageIds.length, chosen: [firstChoiceFor('enhancement')] },
    lifetime.signal,
  );
  const { dialog } = openDialog({
    title: imageIds.length === 1 ? 'Enhance one picture' : `Enhance ${imageIds.length} pictures`,
    content: picker.element,
    action: 'Enhance',
    async onSubmit() {
      for (let from = 0; from < imageIds.length; from += 20) {
        const answer = await postOnce('/api/images/batch-enhance', {
          imageIds: imageIds.slice(from, from + 20),
          tier: picker.chosen()[0],
        });
        setBalance(answer.summary.newBalance);
        pollJobs(answer.jobs.map(({ jobId }) => ({ id: jobId })));
        showToast(`${answer.summary.total} started, ${formatTokens(answer.summary.totalCost)}`);
      }
      onStart();
    },
  });
  dialog.addEventListener('close', () => lifetime.abort());
}

function openDeleteDialog(ids, onDelete) {
  openDialog({
    title: ids.length === 1 ? 'Delete this picture?' : `Delete ${ids.length} pictures?`,
    content: h(
      'p',
      { class: 'muted' },
      'All versions are deleted too. Unfinished jobs are cancelled and their tokens are refunded.',
    ),
    action: 'Delete',
    kind: 'danger',
    async onSubmit() {
      for (const id of ids) await deleteImage(id);
      onDelete();
    },
  });
}
