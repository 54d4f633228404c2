// A picture changed by a sentence.

import { call, get, postOnce } from './api.js';
import { base64 } from './blending.js';
import { on } from './bus.js';
import { fill, h } from './dom.js';
import { troubles } from './notices.js';
import { tierPicker } from './picker.js';
import { PAID } from './tiers.js';
import { spent } from './wallet.js';
import { tell, watch } from './watch.js';

// Changes by words aren't jobs of the image for the server, so the studio remembers which belong to it.
const CHANGES = 'spike.changes';
const changesOf = () => JSON.parse(localStorage.getItem(CHANGES) ?? '{}');

export async function recallChanges(id, jobs) {
  const jobIds = (changesOf()[id] ?? []).slice(-20);
  if (!jobIds.length) return;
  const { jobs: found } = await call('POST', '/api/jobs/batch-status', { body: { jobIds } });
  for (const job of found) jobs.set(job.id, job);
}

export function changing(id, url, signal, then = () => {}) {
  const picker = tierPicker({ tiers: PAID, chosen: ['TIER_1K'], about: { byWords: true } }, signal);
  const trouble = h('div', { class: 'trouble small', role: 'alert' });
  const form = h(
    'form',
    {
      class: 'stack',
      onsubmit: async (event) => {
        event.preventDefault();
        trouble.replaceChildren();
        const button = event.submitter;
        button.disabled = true;
        try {
          const prompt = new FormData(form).get('prompt');
          const answer = await postOnce('/api/mcp/modify', {
            prompt,
            tier: picker.chosen()[0],
            ...(await pictureAt(url())),
          });
          const all = changesOf();
          localStorage.setItem(CHANGES, JSON.stringify({ ...all, [id]: [...(all[id] ?? []), answer.jobId] }));
          spent(answer.newBalance ?? undefined);
          const { job } = await get(`/api/jobs/${answer.jobId}`);
          then(job);
          on(
            'job',
            (next) => next.id === job.id && !signal.aborted && next.status === 'COMPLETED' && form.reset(),
            signal,
          );
          tellFirst(id, job);
        } catch (error) {
          fill(trouble, troubles(error));
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
    trouble,
    h('button', { type: 'submit', class: 'button wide' }, 'Change the picture'),
  );
  return h('details', { class: 'fold' }, h('summary', {}, 'Change it by a sentence'), form);
}

function tellFirst(imageId, job) {
  tell({ ...job, imageId });
  watch([job]);
}

// The bytes where they are ours to read, else the address, which the server fetches.
async function pictureAt(url) {
  if (new URL(url, location).origin !== location.origin) return { imageUrl: url };
  const blob = await (await fetch(url)).blob();
  return { image: await base64(blob), mimeType: blob.type };
}
