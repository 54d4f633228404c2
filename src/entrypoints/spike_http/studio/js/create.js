// The pages of creations: the form with the list of them, and one creation.

import { get, postOnce } from './api.js';
import { imageComparison } from './compare.js';
import { append, h, icon, iconButton, replaceContent } from './dom.js';
import { on } from './events.js';
import { createTile } from './grid.js';
import { stableUrl } from './images.js';
import { isFinished, pollJobs } from './job_polling.js';
import { modifyForm } from './modify_form.js';
import { ANY_PROMPT, quoteLines } from './quotes.js';
import { navigate, renderRoute } from './router.js';
import { aspectRatio } from './rows.js';
import { tierPicker } from './tier_picker.js';
import {
  defaultOrder,
  defaultTierFor,
  formatRefund,
  formatSize,
  formatTokens,
  paidTiersFor,
  tierById,
} from './tiers.js';
import { errorDetails, showError } from './toasts.js';
import { upload } from './uploads.js';
import { cancelJob } from './versions.js';
import { refreshWallet } from './wallet.js';

const ASPECTS = ['1:1', '3:2', '2:3', '4:3', '3:4', '5:4', '4:5', '16:9', '9:16', '21:9'];
const ratioOfAspect = (aspect) => aspect.split(':').reduce((width, height) => width / height);
const requestedRatios = new Map(); // job id → aspect ratio that was requested; a job has no size until it is completed

export async function createView(_parameters, signal) {
  const grid = h('ul', { class: 'grid', 'aria-label': 'Creations' });
  const footer = h('div');
  const { elements, ask } = quoteLines(signal);
  const picker = tierPicker(
    {
      tiers: paidTiersFor('generation'),
      chosen: [defaultTierFor('generation')],
      durationsOf: { fromPrompt: true },
      onChange: ([tier]) => ask(tier && { operation: 'generateImage', prompt: ANY_PROMPT, tier }),
    },
    signal,
  );
  const errorText = h('div', { class: 'error-text small', role: 'alert' });
  const button = h('button', { type: 'submit', class: 'button primary wide' }, 'Create');
  let cursor;

  async function load(from) {
    const page = await get(`/api/mcp/history?limit=40${from ? `&cursor=${from}` : ''}`);
    if (signal.aborted) return;
    cursor = page.nextCursor;
    const tiles = page.jobs.map(creationTile);
    from ? grid.append(...tiles) : grid.replaceChildren(...tiles);
    grid.hidden = !grid.children.length;
    replaceContent(
      footer,
      !grid.children.length &&
        h(
          'div',
          { class: 'empty' },
          h('div', { class: 'placeholders' }, ...[1.78, 1, 0.8].map((ratio) => h('i', { vars: { ratio } }))),
          h('h2', {}, 'Describe a picture'),
          h('p', { class: 'muted' }, 'Pictures that you create appear here. Each can be changed with another prompt.'),
        ),
      cursor &&
        h(
          'div',
          { class: 'load-more' },
          h('button', { type: 'button', class: 'button', onclick: () => load(cursor).catch(showError) }, 'Show more'),
        ),
    );
    pollJobs(page.jobs.filter((job) => !isFinished(job)));
  }

  const form = h(
    'form',
    {
      class: 'stack',
      onsubmit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        errorText.replaceChildren();
        const data = new FormData(form);
        try {
          const negativePrompt = data.get('negativePrompt').trim();
          const answer = await postOnce('/api/mcp/generate', {
            prompt: data.get('prompt'),
            tier: picker.chosen()[0],
            aspectRatio: data.get('aspect'),
            ...(negativePrompt && { negativePrompt }),
          });
          requestedRatios.set(answer.jobId, ratioOfAspect(data.get('aspect')));
          await Promise.all([load(), refreshWallet()]);
        } catch (error) {
          replaceContent(errorText, errorDetails(error));
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
      h('span', {}, 'Negative prompt'),
      h('input', { name: 'negativePrompt', maxlength: 4000, placeholder: 'Clouds, people' }),
    ),
    h(
      'fieldset',
      {},
      h('legend', { class: 'tiny muted' }, 'Aspect ratio'),
      h(
        'div',
        { class: 'aspects' },
        ASPECTS.map((aspect, index) =>
          h(
            'label',
            { class: ratioOfAspect(aspect) >= 1 && 'landscape' },
            h('input', { type: 'radio', name: 'aspect', value: aspect, checked: !index }),
            h('i', { vars: { ratio: ratioOfAspect(aspect) } }),
            aspect,
          ),
        ),
      ),
    ),
    picker.element,
    elements,
    errorText,
    button,
  );

  on(
    'job',
    (job) =>
      job.id.startsWith('job_gen') || job.id.startsWith('job_mod')
        ? isFinished(job) && load().catch(showError)
        : undefined,
    signal,
  );
  await load();
  return h('div', { class: 'create' }, form, h('section', { 'aria-label': 'Your creations' }, grid, footer));
}

function creationTile(job) {
  if (job.status === 'COMPLETED') {
    return createTile(
      {
        id: job.id,
        name: job.prompt,
        url: stableUrl(job.outputImageUrl),
        width: job.outputWidth,
        height: job.outputHeight,
      },
      { href: `#/creation/${job.id}` },
    );
  }
  const ratio = aspectRatio({ width: requestedRatios.get(job.id) ?? 1.5, height: 1 });
  const tile = (...content) =>
    h('li', { class: 'tile pending', vars: { ratio }, 'data-status': job.status }, h('div', {}, content));
  const refund = formatRefund(job.tokensCost);
  if (!isFinished(job))
    return append(
      tile(h('p', { role: 'status' }, 'In progress')),
      iconButton('close', 'Cancel', () => cancelJob(job.id)),
    );
  return job.status === 'CANCELLED'
    ? tile(h('p', {}, `Cancelled. ${refund}`))
    : tile(h('p', { class: 'error-text' }, `Failed: ${job.errorMessage}. ${refund}`));
}
export async function creationView({ id }, signal) {
  const job = await get(`/api/mcp/jobs/${id}`);
  const comparison = imageComparison(signal);
  const result = {
    url: stableUrl(job.outputImageUrl ?? ''),
    width: job.outputWidth,
    height: job.outputHeight,
    label: tierById(job.tier).name,
    alt: job.prompt,
    file: `${job.prompt.slice(0, 40)}.jpg`,
  };
  const isCompleted = job.status === 'COMPLETED';
  // the API doesn't say how large the input was; it is shown at the size of the result, which has the same aspect ratio
  if (isCompleted)
    comparison.show(
      result,
      job.inputImageUrl && {
        ...result,
        url: stableUrl(job.inputImageUrl),
        label: 'Before',
        alt: '',
        isSizeUnknown: true,
      },
    );
  else pollJobs([job]);
  on('job', (next) => next.id === id && isFinished(next) && renderRoute(false), signal);
  const addToLibrary = async () =>
    upload([
      new File(
        [await (await fetch(result.url)).blob()],
        `${job.prompt.slice(0, 40).replace(/[\\/]/g, ' ').trim()}.jpg`,
        {
          type: 'image/jpeg',
        },
      ),
    ]);
  return h(
    'div',
    { class: 'workspace' },
    comparison.element,
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
          { class: 'details' },
          isCompleted
            ? `${formatSize(job.outputWidth, job.outputHeight)} px, ${formatTokens(job.tokensCost)}`
            : (job.errorMessage ?? job.status.toLowerCase()),
        ),
      ),
      isCompleted &&
        modifyForm(
          id,
          () => result.url,
          signal,
          () => navigate('#/create'),
        ),
      isCompleted &&
        h(
          'section',
          { class: 'stack tight' },
          h(
            'button',
            { type: 'button', class: 'button', onclick: () => addToLibrary().catch(showError) },
            'Add to library',
          ),
          h('p', { class: 'tiny muted' }, `The library enhances it ${defaultOrder()}.`),
        ),
    ),
  );
}
