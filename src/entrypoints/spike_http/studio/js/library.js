// The library: all pictures, newest first; to open, to pick several, to drop one on another.

import { postOnce } from './api.js';
import { asPicture, blend } from './blending.js';
import { on } from './bus.js';
import { ask } from './dialog.js';
import { fill, h } from './dom.js';
import { page, remove } from './images.js';
import { askForAlbum } from './moving.js';
import { complain, say } from './notices.js';
import { tierPicker } from './picker.js';
import { chooser, receive } from './receiving.js';
import { draggable, mark, print, showJobs } from './sheet.js';
import { TIERS, tokens } from './tiers.js';
import { upload } from './uploads.js';
import { spent } from './wallet.js';
import { watch } from './watch.js';

export async function libraryView(_parameters, signal) {
  const pictures = new Map();
  const sheet = h('ul', { class: 'sheet', 'aria-label': 'Pictures' });
  const count = h('span', { class: 'count' });
  const rest = h('div');
  const deeds = selection(pictures, signal);
  const place = (image) => {
    const picture = asPicture(image);
    pictures.set(picture.id, picture);
    return print(picture, { href: `#/picture/${picture.id}`, onpick: deeds.pick });
  };
  let cursor;

  async function more() {
    const { images, nextCursor } = await page(cursor);
    cursor = nextCursor;
    sheet.append(...images.filter(({ id }) => !pictures.has(id)).map(place));
    draw();
  }
  function draw() {
    count.textContent = pictures.size ? `${pictures.size}${cursor ? '+' : ''}` : '';
    sheet.hidden = !pictures.size;
    fill(
      rest,
      !pictures.size &&
        h(
          'div',
          { class: 'empty' },
          h('div', { class: 'marks' }, ...[0.7, 1.5, 1].map((ratio) => h('i', { vars: { ratio } }))),
          h('h2', {}, 'Nothing here yet'),
          h(
            'p',
            { class: 'soft' },
            'Drop photographs anywhere on this page, paste one, or choose some. Each is enhanced at 1K when it arrives, for 2 tokens.',
          ),
        ),
      cursor &&
        h(
          'div',
          { class: 'more' },
          h('button', { type: 'button', class: 'button', onclick: () => more().catch(complain) }, 'Show more'),
        ),
    );
  }

  await more();
  showJobs(sheet, signal);
  receive({ text: 'Each is enhanced at 1K, for 2 tokens', take: (files) => upload(files) }, signal);
  draggable(
    sheet,
    {
      over: (target) => mark(target, `Blend into ${pictures.get(target.dataset.id).name}`),
      drop: (id, target) => blend(pictures.get(target.dataset.id), pictures.get(id)),
      files: (file, target) =>
        blend(pictures.get(target.dataset.id), { file, name: file.name, url: URL.createObjectURL(file) }),
    },
    signal,
  );
  on(
    'uploaded',
    ({ image }) => {
      if (!pictures.has(image.id)) {
        sheet.prepend(place(image));
        draw();
      }
    },
    signal,
  );
  on(
    'image-gone',
    (id) => {
      sheet.querySelector(`[data-id="${id}"]`)?.remove();
      pictures.delete(id);
      draw();
    },
    signal,
  );
  return [
    h(
      'div',
      { class: 'page-head' },
      h('h1', { 'data-title': 'Library' }, 'Library', count),
      chooser('Upload pictures', (files) => upload(files)),
    ),
    sheet,
    rest,
    deeds.element,
  ];
}

// What can be done with those that are picked.
function selection(pictures, signal) {
  const picked = new Set();
  const element = h('div', { class: 'deed', role: 'toolbar', 'aria-label': 'Selected pictures', hidden: true });
  const act = (text, onclick, props) =>
    h('button', { type: 'button', class: 'button slim quiet', onclick, ...props }, text);
  const clear = () => {
    picked.clear();
    for (const input of document.querySelectorAll('.pick input')) {
      input.checked = false;
      input.closest('.print').classList.remove('picked');
    }
    draw();
  };
  function draw() {
    element.hidden = !picked.size;
    const ids = [...picked];
    fill(
      element,
      h('strong', {}, `${ids.length} selected`),
      act('Enhance', () => enhanceMany(ids, clear)),
      act('Move to album', () => askForAlbum(ids, undefined, clear)),
      ids.length === 2 && act('Blend', () => blend(pictures.get(ids[0]), pictures.get(ids[1]), clear)),
      act('Delete', () => removeMany(ids, clear), { class: 'button slim quiet warn' }),
      act('Done', clear),
    );
  }
  on('image-gone', (id) => picked.delete(id) && draw(), signal);
  return {
    element,
    pick(picture, isOn) {
      isOn ? picked.add(picture.id) : picked.delete(picture.id);
      draw();
    },
  };
}

function enhanceMany(imageIds, then) {
  const life = new AbortController();
  const picker = tierPicker({ tiers: TIERS, count: imageIds.length, chosen: ['FREE'] }, life.signal);
  const { dialog } = ask({
    title: imageIds.length === 1 ? 'Enhance one picture' : `Enhance ${imageIds.length} pictures`,
    content: picker.element,
    action: 'Enhance',
    async act() {
      for (let from = 0; from < imageIds.length; from += 20) {
        const answer = await postOnce('/api/images/batch-enhance', {
          imageIds: imageIds.slice(from, from + 20),
          tier: picker.chosen()[0],
        });
        spent(answer.summary.newBalance);
        watch(answer.jobs.map(({ jobId }) => ({ id: jobId })));
        say(`${answer.summary.total} begun, ${tokens(answer.summary.totalCost)}`);
      }
      then();
    },
  });
  dialog.addEventListener('close', () => life.abort());
}

function removeMany(ids, then) {
  ask({
    title: ids.length === 1 ? 'Delete this picture?' : `Delete ${ids.length} pictures?`,
    content: h(
      'p',
      { class: 'soft' },
      'They go with all their versions. Jobs under way are cancelled and their tokens come back.',
    ),
    action: 'Delete',
    kind: 'warn',
    async act() {
      for (const id of ids) await remove(id);
      then();
    },
  });
}
