// One picture: its versions compared, and what can be made of it.

import { call, get, postOnce } from './api.js';
import { on } from './bus.js';
import { asPicture, base64, chooseOther } from './blending.js';
import { ask } from './dialog.js';
import { bar, fill, h, icon, iconButton, setBar } from './dom.js';
import { change, image as look, remove, steady } from './images.js';
import { askForAlbum } from './moving.js';
import { complain, say, troubles } from './notices.js';
import { tierPicker } from './picker.js';
import { go } from './router.js';
import { stage } from './stage.js';
import { PAID, TIERS, duration, expectedOf, learn, tier, times, tokens } from './tiers.js';
import { spent } from './wallet.js';
import { hasEnded, tell, watch, watchedSince } from './watch.js';

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
  const original = { url: picture.url, width: picture.width, height: picture.height, label: 'Original', alt: image.name, file: image.name };
  const compare = stage(signal);
  const versions = h('div', { class: 'versions', role: 'radiogroup', 'aria-label': 'Versions' });
  let shownId = wanted && jobs.get(wanted)?.status === 'COMPLETED' ? wanted : [...image.jobs].sort(newest).find((job) => job.status === 'COMPLETED')?.id;
  wanted = undefined;

  const nameOf = (job) => (job.isBlend ? `Blend, ${tier(job.tier).name}` : job.id.startsWith('job_mod') ? `Changed, ${tier(job.tier).name}` : tier(job.tier).name);
  const result = (job) => ({ url: steady(job.enhancedUrl), width: job.enhancedWidth, height: job.enhancedHeight, label: nameOf(job), alt: `${image.name}, ${nameOf(job)}`, file: `${stem} ${nameOf(job)}.${job.enhancedUrl.split('?')[0].split('.').pop()}` });
  function show(unveiling) {
    const job = jobs.get(shownId);
    return job ? compare.show(result(job), { ...original, alt: '' }, { unveiling }) : compare.show(original);
  }
  function draw() {
    fill(versions, [...jobs.values()].sort(newest).map((job) => versionRow(job, { name: nameOf(job), shown: job.id === shownId, choose: () => { shownId = job.id; draw(); show(false); versions.querySelector(':checked')?.focus(); } })));
    empty.hidden = jobs.size > 0;
  }
  const empty = h('p', { class: 'soft small' }, 'None yet. Choose one or more tiers below.');
  on('job', (job) => {
    if (job.imageId !== id && !jobs.has(job.id)) return;
    const before = jobs.get(job.id);
    jobs.set(job.id, job);
    const isNew = job.status === 'COMPLETED' && before?.status !== 'COMPLETED';
    if (isNew) shownId = job.id;
    draw();
    if (isNew) show(true);
  }, signal);
  await recallChanges(id, jobs);
  watch([...jobs.values()].filter((job) => !hasEnded(job)));
  draw();
  show(false);

  return h('div', { class: 'bench' }, compare.element,
    h('div', { class: 'panel' },
      h('div', {}, h('a', { class: 'back', href: '#/' }, icon('left'), 'Library'), h('h1', {}, image.name),
        h('p', { class: 'facts' }, `${times(picture.width, picture.height)} px, ${megabytes(image.originalSizeBytes)}, ${image.originalFormat}`)),
      h('section', { class: 'stack tight' }, h('h2', {}, 'Versions'), empty, versions),
      enhancing(picture, signal),
      changing(id, () => jobs.get(shownId)?.enhancedUrl ?? picture.url, signal),
      h('section', { class: 'row wrap' },
        h('button', { type: 'button', class: 'button slim', onclick: () => chooseOther(picture).catch(complain) }, 'Blend with another'),
        h('button', { type: 'button', class: 'button slim', onclick: () => askForAlbum([id], undefined, () => {}).catch(complain) }, 'Move to album')),
      labels(image)));
}

// of those that were asked for together, the dearest
const newest = (a, b) => b.createdAt.localeCompare(a.createdAt) || tier(b.tier).price - tier(a.tier).price;

const megabytes = (bytes) => (bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

// A version: a result to show, and of the shown one how it was made; or a job with its place in the queue; or why there is none
// and where the tokens are.
function versionRow(job, { name, shown, choose }) {
  const back = job.tokensCost ? ` ${tokens(job.tokensCost)} ${job.tokensCost === 1 ? 'is' : 'are'} back.` : '';
  const facts = (text) => [h('strong', {}, name), h('span', { class: 'soft' }, text)];
  const row = (...content) => h('div', { class: `version${shown ? ' shown' : ''}`, 'data-status': job.status, 'data-job': job.id }, content);
  switch (job.status) {
    case 'COMPLETED':
      return row(
        h('label', {}, h('input', { type: 'radio', name: 'version', checked: shown, onchange: choose }), facts(`${times(job.enhancedWidth, job.enhancedHeight)} px, ${megabytes(job.enhancedSizeBytes)}`),
          shown && job.method && h('span', { class: 'soft method' }, job.method)));
    case 'FAILED':
    case 'REFUNDED':
      return row(h('div', { class: 'what' }, h('strong', {}, name), h('span', { class: 'small trouble' }, `Failed: ${job.errorMessage ?? 'unknown'}.${back}`)));
    case 'CANCELLED':
      return row(h('div', { class: 'what' }, facts(`Cancelled.${back}`)));
    default: {
      const line = bar(`${name}, under way`);
      const expected = expectedOf(job);
      const since = (Date.now() - (job.processingStartedAt ? Date.parse(job.processingStartedAt) : watchedSince(job.id) ?? Date.now())) / 1000;
      setBar(line, Math.max(0.04, job.progress / 100, job.queuePosition ? 0 : 0.9 * (1 - Math.exp(-since / (expected ?? 4)))));
      const text = job.queuePosition ? (job.queuePosition === 1 ? 'Next in the queue' : `Number ${job.queuePosition} in the queue`) : `Being made ${duration(expected)}`;
      return row(h('div', { class: 'what', role: 'status' }, facts(text)), h('div', { class: 'acts' }, iconButton('close', `Cancel ${name}`, () => cancel(job.id))), line);
    }
  }
}

export async function cancel(id) {
  try {
    const { job, newBalance, tokensRefunded } = await call('POST', `/api/jobs/${id}/cancel`);
    tell(job);
    spent(newBalance);
    say(`Cancelled. ${tokensRefunded ? `${tokens(tokensRefunded)} are back.` : ''}`);
  } catch (error) {
    complain(error);
  }
}

function enhancing(picture, signal) {
  const button = h('button', { type: 'submit', class: 'button main wide' }, 'Enhance');
  const trouble = h('div', { class: 'trouble small', role: 'alert' });
  let busy = false;
  const label = (chosen, price) => {
    button.disabled = busy || !chosen.length;
    fill(button, chosen.length ? `Enhance, ${tokens(price)}` : 'Choose a tier');
  };
  const picker = tierPicker({ tiers: TIERS, size: picture, many: true, changed: label, about: { imageId: picture.id } }, signal);
  return h('form', { class: 'stack tight', onsubmit: async (event) => {
    event.preventDefault();
    const chosen = picker.chosen();
    busy = true;
    trouble.replaceChildren();
    label(chosen, picker.price());
    try {
      const answer = chosen.length === 1
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
  } }, h('h2', {}, 'Enhance'), picker.element, trouble, button);
}

// Changes by words aren't jobs of the image for the server, so the studio remembers which belong to it.
const CHANGES = 'spike.changes';
const changesOf = () => JSON.parse(localStorage.getItem(CHANGES) ?? '{}');

async function recallChanges(id, jobs) {
  const jobIds = (changesOf()[id] ?? []).slice(-20);
  if (!jobIds.length) return;
  const { jobs: found } = await call('POST', '/api/jobs/batch-status', { body: { jobIds } });
  for (const job of found) jobs.set(job.id, job);
}

export function changing(id, url, signal, then = () => {}) {
  const picker = tierPicker({ tiers: PAID, chosen: ['TIER_1K'], about: { byWords: true } }, signal);
  const trouble = h('div', { class: 'trouble small', role: 'alert' });
  const form = h('form', { class: 'stack', onsubmit: async (event) => {
    event.preventDefault();
    trouble.replaceChildren();
    const button = event.submitter;
    button.disabled = true;
    try {
      const prompt = new FormData(form).get('prompt');
      const answer = await postOnce('/api/mcp/modify', { prompt, tier: picker.chosen()[0], ...(await pictureAt(url())) });
      const all = changesOf();
      localStorage.setItem(CHANGES, JSON.stringify({ ...all, [id]: [...(all[id] ?? []), answer.jobId] }));
      spent(answer.newBalance ?? undefined);
      const { job } = await get(`/api/jobs/${answer.jobId}`);
      then(job);
      on('job', (next) => next.id === job.id && !signal.aborted && next.status === 'COMPLETED' && form.reset(), signal);
      tellFirst(id, job);
    } catch (error) {
      fill(trouble, troubles(error));
    }
    button.disabled = false;
  } },
  h('label', { class: 'field' }, h('span', {}, 'What should change?'), h('textarea', { name: 'prompt', required: true, maxlength: 4000, rows: 2, placeholder: 'Add snow, and make it night' })),
  picker.element, trouble, h('button', { type: 'submit', class: 'button wide' }, 'Change the picture'));
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

function labels(image) {
  const saved = h('p', { class: 'small', role: 'status' });
  return h('details', { class: 'fold' }, h('summary', {}, 'Details'),
    h('form', { class: 'stack', onsubmit: async (event) => {
      event.preventDefault();
      const form = new FormData(event.target);
      saved.textContent = '';
      try {
        await change(image.id, { name: form.get('name'), description: form.get('description') || null, isPublic: form.has('isPublic') });
        document.querySelector('.panel h1').textContent = form.get('name');
        saved.textContent = 'Saved';
      } catch (error) {
        fill(saved, troubles(error));
      }
    } },
    h('label', { class: 'field' }, h('span', {}, 'Name'), h('input', { name: 'name', value: image.name, required: true, maxlength: 255 })),
    h('label', { class: 'field' }, h('span', {}, 'Description'), h('textarea', { name: 'description', maxlength: 2000, rows: 3, value: image.description ?? '' })),
    h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'isPublic', checked: image.isPublic }), 'Everybody may see it'),
    saved,
    h('div', { class: 'row spread' }, h('button', { type: 'submit', class: 'button slim' }, 'Save'),
      h('button', { type: 'button', class: 'button slim quiet warn', onclick: () => ask({
        title: 'Delete this picture?', content: h('p', { class: 'soft' }, 'It goes with all its versions. Jobs under way are cancelled and their tokens come back.'), action: 'Delete', kind: 'warn',
        act: async () => { await remove(image.id); go('#/'); } }) }, 'Delete'))));
}
