// One picture: its versions compared, and what can be made of it.

import { get, postOnce } from './api.js';
import { asPicture, chooseOther } from './blending.js';
import { on } from './bus.js';
import { changing, recallChanges } from './changing.js';
import { fill, h, icon } from './dom.js';
import { image as look, steady } from './images.js';
import { labels } from './labelling.js';
import { askForAlbum } from './moving.js';
import { complain, troubles } from './notices.js';
import { tierPicker } from './picker.js';
import { stage } from './stage.js';
import { learn, TIERS, times, tokens } from './tiers.js';
import { megabytes, nameOf, newest, versionRow } from './versions.js';
import { spent } from './wallet.js';
import { hasEnded, watch } from './watch.js';

export async function jobView({ id }) {
  const { job } = await get(`/api/jobs/${id}`);
  if (!job.imageId) return location.replace(`#/creation/${id}`);
  wanted = id;
  return location.replace(`#/picture/${job.imageId}`);
}
let wanted; // the job that a link of the history led to

export async function pictureView({ id }, signal) {
  const image = await look(id);
  image.jobs.forEach(learn);
  const picture = asPicture(image);
  const stem = image.name.replace(/\.\w+$/, '');
  const jobs = new Map(image.jobs.map((job) => [job.id, job]));
  const original = {
    url: picture.url,
    width: picture.width,
    height: picture.height,
    label: 'Original',
    alt: image.name,
    file: image.name,
  };
  const compare = stage(signal);
  const versions = h('div', { class: 'versions', role: 'radiogroup', 'aria-label': 'Versions' });
  let shownId =
    wanted && jobs.get(wanted)?.status === 'COMPLETED'
      ? wanted
      : [...image.jobs].sort(newest).find((job) => job.status === 'COMPLETED')?.id;
  wanted = undefined;

  const result = (job) => ({
    url: steady(job.enhancedUrl),
    width: job.enhancedWidth,
    height: job.enhancedHeight,
    label: nameOf(job),
    alt: `${image.name}, ${nameOf(job)}`,
    file: `${stem} ${nameOf(job)}.${job.enhancedUrl.split('?')[0].split('.').pop()}`,
  });
  function show(unveiling) {
    const job = jobs.get(shownId);
    return job ? compare.show(result(job), { ...original, alt: '' }, { unveiling }) : compare.show(original);
  }
  function draw() {
    fill(
      versions,
      [...jobs.values()].sort(newest).map((job) =>
        versionRow(job, {
          shown: job.id === shownId,
          choose: () => {
            shownId = job.id;
            draw();
            show(false);
            versions.querySelector(':checked')?.focus();
          },
        }),
      ),
    );
    empty.hidden = jobs.size > 0;
    const shown = jobs.get(shownId);
    fill(made, shown?.method && [h('strong', {}, `How ${nameOf(shown)} was made`), h('span', {}, shown.method)]);
  }
  const made = h('p', { class: 'small method' });
  const empty = h('p', { class: 'soft small' }, 'None yet. Choose one or more tiers below.');
  on(
    'job',
    (job) => {
      if (job.imageId !== id && !jobs.has(job.id)) return;
      const before = jobs.get(job.id);
      jobs.set(job.id, job);
      const isNew = job.status === 'COMPLETED' && before?.status !== 'COMPLETED';
      if (isNew) shownId = job.id;
      draw();
      if (isNew) show(true);
    },
    signal,
  );
  await recallChanges(id, jobs);
  watch([...jobs.values()].filter((job) => !hasEnded(job)));
  draw();
  show(false);

  return h(
    'div',
    { class: 'bench' },
    compare.element,
    h(
      'div',
      { class: 'panel' },
      h(
        'div',
        {},
        h('a', { class: 'back', href: '#/' }, icon('left'), 'Library'),
        h('h1', {}, image.name),
        h(
          'p',
          { class: 'facts' },
          `${times(picture.width, picture.height)} px, ${megabytes(image.originalSizeBytes)}, ${image.originalFormat}`,
        ),
      ),
      h('section', { class: 'stack tight' }, h('h2', {}, 'Versions'), empty, versions),
      enhancing(picture, signal),
      changing(id, () => jobs.get(shownId)?.enhancedUrl ?? picture.url, signal),
      h(
        'section',
        { class: 'row wrap' },
        h(
          'button',
          { type: 'button', class: 'button slim', onclick: () => chooseOther(picture).catch(complain) },
          'Blend with another',
        ),
        h(
          'button',
          {
            type: 'button',
            class: 'button slim',
            onclick: () => askForAlbum([id], undefined, () => {}).catch(complain),
          },
          'Move to album',
        ),
      ),
      labels(image, made),
    ),
  );
}

function enhancing(picture, signal) {
  const button = h('button', { type: 'submit', class: 'button main wide' }, 'Enhance');
  const trouble = h('div', { class: 'trouble small', role: 'alert' });
  let busy = false;
  const label = (chosen, price) => {
    button.disabled = busy || !chosen.length;
    fill(button, chosen.length ? `Enhance, ${tokens(price)}` : 'Choose a tier');
  };
  const picker = tierPicker(
    { tiers: TIERS, size: picture, many: true, changed: label, about: { imageId: picture.id } },
    signal,
  );
  return h(
    'form',
    {
      class: 'stack tight',
      onsubmit: async (event) => {
        event.preventDefault();
        const chosen = picker.chosen();
        busy = true;
        trouble.replaceChildren();
        label(chosen, picker.price());
        try {
          const answer =
            chosen.length === 1
              ? await postOnce('/api/images/enhance', { imageId: picture.id, tier: chosen[0] })
              : await postOnce('/api/images/parallel-enhance', { imageId: picture.id, tiers: chosen });
          spent(answer.newBalance);
          watch((answer.jobs ?? [answer]).map(({ jobId }) => ({ id: jobId })));
          busy = false;
          picker.clear();
        } catch (error) {
          busy = false;
          label(chosen, picker.price());
          fill(trouble, troubles(error));
        }
      },
    },
    h('h2', {}, 'Enhance'),
    picker.element,
    trouble,
    button,
  );
}
