// The form that modifies a picture by a prompt.

import { call, get, postOnce } from './api.js';
import { h, replaceContent } from './dom.js';
import { on } from './events.js';
import { toBase64 } from './files.js';
import { pollJobs, publishJob } from './job_polling.js';
import { ANY_PROMPT, quoteLines } from './quotes.js';
import { tierPicker } from './tier_picker.js';
import { defaultTierFor, paidTiersFor } from './tiers.js';
import { errorDetails } from './toasts.js';
import { setBalance } from './wallet.js';

// The API doesn't list modifications with the image, so the browser stores their job ids: {imageId: [jobId, …]}.
const STORAGE_KEY = 'spike.changes';
const storedModifications = () => JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}');

export async function loadModifications(id, jobs) {
  const jobIds = (storedModifications()[id] ?? []).slice(-20);
  if (!jobIds.length) return;
  const { jobs: found } = await call('POST', '/api/jobs/batch-status', { body: { jobIds } });
  for (const job of found) jobs.set(job.id, job);
}

export function modifyForm(id, url, signal, onStart = () => {}) {
  const { elements, ask } = quoteLines(signal);
  // with the picture's URL in place of its bytes, which a quote doesn't fetch
  const askFor = ([tier]) =>
    element?.open &&
    tier &&
    ask({ operation: 'modifyImage', prompt: ANY_PROMPT, tier, imageUrl: new URL(url(), location).href });
  let element;
  const picker = tierPicker(
    {
      tiers: paidTiersFor('modification'),
      chosen: [defaultTierFor('modification')],
      durationsOf: { fromPrompt: true },
      onChange: askFor,
    },
    signal,
  );
  const errorText = h('div', { class: 'error-text small', role: 'alert' });
  const form = h(
    'form',
    {
      class: 'stack',
      onsubmit: async (event) => {
        event.preventDefault();
        errorText.replaceChildren();
        const button = event.submitter;
        button.disabled = true;
        try {
          const prompt = new FormData(form).get('prompt');
          const answer = await postOnce('/api/mcp/modify', {
            prompt,
            tier: picker.chosen()[0],
            ...(await imagePayload(url())),
          });
          const stored = storedModifications();
          localStorage.setItem(STORAGE_KEY, JSON.stringify({ ...stored, [id]: [...(stored[id] ?? []), answer.jobId] }));
          setBalance(answer.newBalance ?? undefined);
          const { job } = await get(`/api/jobs/${answer.jobId}`);
          onStart(job);
          on(
            'job',
            (next) => next.id === job.id && !signal.aborted && next.status === 'COMPLETED' && form.reset(),
            signal,
          );
          startPolling(id, job);
        } catch (error) {
          replaceContent(errorText, errorDetails(error));
        }
        button.disabled = false;
      },
    },
    h(
      'label',
      { class: 'field' },
      h('span', {}, 'What should change?'),
      h('textarea', {
        name: 'prompt',
        required: true,
        maxlength: 4000,
        rows: 2,
        placeholder: 'Add snow, and make it night',
      }),
    ),
    picker.element,
    elements,
    errorText,
    h('button', { type: 'submit', class: 'button wide' }, 'Change picture'),
  );
  element = h(
    'details',
    { class: 'disclosure', ontoggle: () => askFor(picker.chosen()) },
    h('summary', {}, 'Change with a prompt'),
    form,
  );
  return element;
}

function startPolling(imageId, job) {
  publishJob({ ...job, imageId });
  pollJobs([job]);
}

// The bytes, or the URL for the server to fetch: scripts can't read pictures of another origin.
async function imagePayload(url) {
  if (new URL(url, location).origin !== location.origin) return { imageUrl: url };
  const blob = await (await fetch(url)).blob();
  return { image: await toBase64(blob), mimeType: blob.type };
}
