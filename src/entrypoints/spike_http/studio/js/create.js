// Pictures from words, and pictures changed by words.

import { get, postOnce } from './api.js';
import { on } from './bus.js';
import { changing } from './changing.js';
import { fill, h, icon, iconButton } from './dom.js';
import { steady } from './images.js';
import { complain, troubles } from './notices.js';
import { tierPicker } from './picker.js';
import { go, show } from './router.js';
import { print, ratioOf } from './sheet.js';
import { stage } from './stage.js';
import { PAID, tier, times, tokens } from './tiers.js';
import { upload } from './uploads.js';
import { cancel } from './versions.js';
import { refresh } from './wallet.js';
import { hasEnded, watch } from './watch.js';

const ASPECTS = ['1:1', '3:2', '2:3', '4:3', '3:4', '5:4', '4:5', '16:9', '9:16', '21:9'];
const shape = (aspect) => aspect.split(':').reduce((width, height) => width / height);
const asked = new Map(); // aspects of what this page has asked for, until the result says its own size

export async function createView(_parameters, signal) {
  const sheet = h('ul', { class: 'sheet', 'aria-label': 'Creations' });
  const rest = h('div');
  const picker = tierPicker({ tiers: PAID, chosen: ['TIER_1K'], about: { byWords: true } }, signal);
  const trouble = h('div', { class: 'trouble small', role: 'alert' });
  const button = h('button', { type: 'submit', class: 'button main wide' }, 'Create');
  let cursor;

  async function load(from) {
    const page = await get(`/api/mcp/history?limit=40${from ? `&cursor=${from}` : ''}`);
    if (signal.aborted) return;
    cursor = page.nextCursor;
    const places = page.jobs.map(creation);
    from ? sheet.append(...places) : sheet.replaceChildren(...places);
    sheet.hidden = !sheet.children.length;
    fill(
      rest,
      !sheet.children.length &&
        h(
          'div',
          { class: 'empty' },
          h('div', { class: 'marks' }, ...[1.78, 1, 0.8].map((ratio) => h('i', { vars: { ratio } }))),
          h('h2', {}, 'Describe a picture'),
          h('p', { class: 'soft' }, 'What you make of words appears here. Any of it can be changed by a sentence.'),
        ),
      cursor &&
        h(
          'div',
          { class: 'more' },
          h('button', { type: 'button', class: 'button', onclick: () => load(cursor).catch(complain) }, 'Show more'),
        ),
    );
    watch(page.jobs.filter((job) => !hasEnded(job)));
  }

  const form = h(
    'form',
    {
      class: 'stack',
      onsubmit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        trouble.replaceChildren();
        const data = new FormData(form);
        try {
          const negativePrompt = data.get('negativePrompt').trim();
          const answer = await postOnce('/api/mcp/generate', {
            prompt: data.get('prompt'),
            tier: picker.chosen()[0],
            aspectRatio: data.get('aspect'),
            ...(negativePrompt && { negativePrompt }),
          });
          asked.set(answer.jobId, shape(data.get('aspect')));
          await Promise.all([load(), refresh()]);
        } catch (error) {
          fill(trouble, troubles(error));
        }
        button.disabled = false;
      },
    },
    h('h1', {}, 'Create'),
    h(
      'label',
      { class: 'field' },
      h('span', {}, 'Prompt'),
      h('textarea', {
        name: 'prompt',
        required: true,
        maxlength: 4000,
        rows: 3,
        placeholder: 'A lake in the mountains at sunset',
      }),
    ),
    h(
      'label',
      { class: 'field' },
      h('span', {}, 'What not to show'),
      h('input', { name: 'negativePrompt', maxlength: 4000, placeholder: 'Clouds, people' }),
    ),
    h(
      'fieldset',
      {},
      h('legend', { class: 'tiny soft' }, 'Aspect'),
      h(
        'div',
        { class: 'aspects' },
        ASPECTS.map((aspect, place) =>
          h(
            'label',
            { class: shape(aspect) >= 1 && 'lying' },
            h('input', { type: 'radio', name: 'aspect', value: aspect, checked: !place }),
            h('i', { vars: { ratio: shape(aspect) } }),
            aspect,
          ),
        ),
      ),
    ),
    picker.element,
    trouble,
    button,
  );

  on(
    'job',
    (job) =>
      job.id.startsWith('job_gen') || job.id.startsWith('job_mod')
        ? hasEnded(job) && load().catch(complain)
        : undefined,
    signal,
  );
  await load();
  return h('div', { class: 'create' }, form, h('section', { 'aria-label': 'What you have made' }, sheet, rest));
}

function creation(job) {
  if (job.status === 'COMPLETED') {
    return print(
      {
        id: job.id,
        name: job.prompt,
        url: steady(job.outputImageUrl),
        width: job.outputWidth,
        height: job.outputHeight,
      },
      { href: `#/creation/${job.id}` },
    );
  }
  const ratio = ratioOf({ width: asked.get(job.id) ?? 1.5, height: 1 });
  const place = (...content) =>
    h('li', { class: 'print making', vars: { ratio }, 'data-status': job.status }, h('div', {}, content));
  const back = `${tokens(job.tokensCost)} are back.`;
  if (!hasEnded(job))
    return put(
      place(h('p', { role: 'status' }, 'Being made')),
      iconButton('close', 'Cancel', () => cancel(job.id)),
    );
  return job.status === 'CANCELLED'
    ? place(h('p', {}, `Cancelled. ${back}`))
    : place(h('p', { class: 'trouble' }, `Failed: ${job.errorMessage}. ${back}`));
}
const put = (place, extra) => {
  place.append(extra);
  return place;
};

export async function creationView({ id }, signal) {
  const job = await get(`/api/mcp/jobs/${id}`);
  const compare = stage(signal);
  const made = {
    url: steady(job.outputImageUrl ?? ''),
    width: job.outputWidth,
    height: job.outputHeight,
    label: tier(job.tier).name,
    alt: job.prompt,
    file: `${job.prompt.slice(0, 40)}.jpg`,
  };
  const done = job.status === 'COMPLETED';
  // an input's size is its own; on the stage it takes the result's, which has the same aspect
  if (done)
    compare.show(
      made,
      job.inputImageUrl && { ...made, url: steady(job.inputImageUrl), label: 'Before', alt: '', isSizeless: true },
    );
  else watch([job]);
  on('job', (next) => next.id === id && hasEnded(next) && show(false), signal);
  const keep = async () =>
    upload([
      new File([await (await fetch(made.url)).blob()], `${job.prompt.slice(0, 40).replace(/[\\/]/g, ' ').trim()}.jpg`, {
        type: 'image/jpeg',
      }),
    ]);
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
        h('a', { class: 'back', href: '#/create' }, icon('left'), 'Create'),
        h('h1', {}, job.prompt),
        h(
          'p',
          { class: 'facts' },
          done
            ? `${times(job.outputWidth, job.outputHeight)} px, ${tokens(job.tokensCost)}`
            : (job.errorMessage ?? job.status.toLowerCase()),
        ),
      ),
      done &&
        changing(
          id,
          () => made.url,
          signal,
          () => go('#/create'),
        ),
      done &&
        h(
          'section',
          { class: 'stack tight' },
          h(
            'button',
            { type: 'button', class: 'button', onclick: () => keep().catch(complain) },
            'Put it into the library',
          ),
          h('p', { class: 'tiny soft' }, 'It is enhanced at 1K there, for 2 tokens.'),
        ),
    ),
  );
}
