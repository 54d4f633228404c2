// The page of one image: its versions, and the forms that make more of them.

import { openMoveDialog } from './album_forms.js';
import { get, postOnce } from './api.js';
import { openBlendSourceDialog } from './blend_dialog.js';
import { imageComparison } from './compare.js';
import { detailsForm } from './details_form.js';
import { h, icon, replaceContent } from './dom.js';
import { on } from './events.js';
import { fetchImage, fetchLinks, RENEWED_BEFORE_MS, stableUrl, toPicture, validUntil } from './images.js';
import { isFinished, pollJobs } from './job_polling.js';
import { loadModifications, modifyForm } from './modify_form.js';
import { quoteLines } from './quotes.js';
import { openShareDialog } from './share_links.js';
import { tierPicker } from './tier_picker.js';
import { formatSize, formatTokens, recordDuration, tiersFor } from './tiers.js';
import { errorDetails, showError } from './toasts.js';
import { byNewest, formatBytes, versionName, versionRow } from './versions.js';
import { setBalance } from './wallet.js';

const RENEWAL_PAUSE_MS = 30_000; // between two requests for new URLs, whatever the URLs say
const DELAY_MAX_MS = 2 ** 31 - 1; // of a timer

export async function jobView({ id }) {
  const { job } = await get(`/api/jobs/${id}`);
  if (!job.imageId) return location.replace(`#/creation/${id}`);
  requestedJobId = id;
  return location.replace(`#/picture/${job.imageId}`);
}
let requestedJobId; // the job whose version the next picture view shows first

export async function pictureView({ id }, signal) {
  const image = await fetchImage(id);
  image.jobs.forEach(recordDuration);
  const picture = toPicture(image);
  const baseName = image.name.replace(/\.\w+$/, '');
  const jobs = new Map(image.jobs.map((job) => [job.id, job]));
  const original = {
    url: picture.url,
    width: picture.width,
    height: picture.height,
    label: 'Original',
    alt: image.name,
    file: image.name,
  };
  const comparison = imageComparison(signal);
  const versionList = h('div', { class: 'versions', role: 'radiogroup', 'aria-label': 'Versions' });
  let shownId =
    requestedJobId && jobs.get(requestedJobId)?.status === 'COMPLETED'
      ? requestedJobId
      : [...image.jobs].sort(byNewest).find((job) => job.status === 'COMPLETED')?.id;
  requestedJobId = undefined;

  const result = (job) => ({
    url: stableUrl(job.enhancedUrl),
    width: job.enhancedWidth,
    height: job.enhancedHeight,
    label: versionName(job),
    alt: `${image.name}, ${versionName(job)}`,
    file: `${baseName} ${versionName(job)}.${job.enhancedUrl.split('?')[0].split('.').pop()}`,
  });
  function display(reveal) {
    const job = jobs.get(shownId);
    return job ? comparison.show(result(job), { ...original, alt: '' }, { reveal }) : comparison.show(original);
  }
  function render() {
    replaceContent(
      versionList,
      [...jobs.values()].sort(byNewest).map((job) =>
        versionRow(job, {
          isShown: job.id === shownId,
          onChoose: () => {
            shownId = job.id;
            render();
            display(false);
            versionList.querySelector(':checked')?.focus();
          },
        }),
      ),
    );
    emptyText.hidden = jobs.size > 0;
    const shown = jobs.get(shownId);
    replaceContent(
      method,
      shown?.method && [h('strong', {}, `How ${versionName(shown)} was made`), h('span', {}, shown.method)],
    );
  }
  const method = h('p', { class: 'small method' });
  const emptyText = h('p', { class: 'muted small' }, 'None yet. Choose one or more tiers below.');
  on(
    'job',
    (job) => {
      if (job.imageId !== id && !jobs.has(job.id)) return;
      const before = jobs.get(job.id);
      jobs.set(job.id, job);
      const isNew = job.status === 'COMPLETED' && before?.status !== 'COMPLETED';
      if (isNew) shownId = job.id;
      render();
      if (isNew) {
        display(true);
        renewInTime();
      }
    },
    signal,
  );
  // Replaces the URLs before they end, as long as the page is shown.
  let renewal;
  let { urlExpiresAt } = image; // of the newest answer; the browser may keep using earlier URLs
  const urls = () => [
    picture.url,
    ...[...jobs.values()].filter((job) => job.enhancedUrl).map((job) => stableUrl(job.enhancedUrl)),
  ];
  function renewInTime(notBefore = 0) {
    clearTimeout(renewal);
    const end = Math.min(urlExpiresAt ? Date.parse(urlExpiresAt) : Number.POSITIVE_INFINITY, ...urls().map(validUntil));
    const left = end - RENEWED_BEFORE_MS - Date.now();
    if (left < DELAY_MAX_MS) renewal = setTimeout(renew, Math.max(notBefore, left));
  }
  async function renew() {
    try {
      const finished = [...jobs.values()].filter((job) => job.enhancedUrl);
      const links = await fetchLinks(
        id,
        finished.map((job) => job.id),
      );
      urlExpiresAt = links.urlExpiresAt;
      if (signal.aborted) return;
      picture.url = original.url = links.original ?? picture.url;
      for (const { id: jobId, enhancedUrl } of links.jobs) jobs.set(jobId, { ...jobs.get(jobId), enhancedUrl });
      const shown = jobs.get(shownId);
      comparison.renewDownload(shown ? shown.enhancedUrl : original.url);
    } catch {
      // the next attempt follows; what is shown stays
    }
    if (!signal.aborted) renewInTime(RENEWAL_PAUSE_MS);
  }
  signal.addEventListener('abort', () => clearTimeout(renewal));
  await loadModifications(id, jobs);
  pollJobs([...jobs.values()].filter((job) => !isFinished(job)));
  render();
  display(false);
  renewInTime();

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
        h('a', { class: 'back', href: '#/' }, icon('left'), 'Library'),
        h('h1', {}, image.name),
        h(
          'p',
          { class: 'details' },
          `${formatSize(picture.width, picture.height)} px, ${formatBytes(image.originalSizeBytes)}, ${image.originalFormat}`,
        ),
      ),
      h('section', { class: 'stack tight' }, h('h2', {}, 'Versions'), emptyText, versionList),
      enhanceForm(picture, signal),
      modifyForm(id, () => jobs.get(shownId)?.enhancedUrl ?? picture.url, signal),
      h(
        'section',
        { class: 'row wrap' },
        h(
          'button',
          { type: 'button', class: 'button compact', onclick: () => openBlendSourceDialog(picture).catch(showError) },
          'Blend with another picture',
        ),
        h(
          'button',
          {
            type: 'button',
            class: 'button compact',
            onclick: () => openMoveDialog([id], undefined, () => {}).catch(showError),
          },
          'Move to album',
        ),
        h(
          'button',
          { type: 'button', class: 'button compact', onclick: () => openShareDialog(image, shownId) },
          'Share',
        ),
      ),
      detailsForm(image, method),
    ),
  );
}

function enhanceForm(picture, signal) {
  const button = h('button', { type: 'submit', class: 'button primary wide' }, 'Enhance');
  const errorText = h('div', { class: 'error-text small', role: 'alert' });
  let isSubmitting = false;
  const updateButton = (chosen, price) => {
    button.disabled = isSubmitting || !chosen.length;
    replaceContent(button, chosen.length ? `Enhance, ${formatTokens(price)}` : 'Choose a tier');
  };
  const { elements, ask } = quoteLines(signal, ({ tokens }) => updateButton(picker.chosen(), tokens));
  const order = (chosen) => ({
    imageId: picture.id,
    ...(chosen.length === 1 ? { tier: chosen[0] } : { tiers: chosen }),
    ...picker?.output(),
  });
  const askFor = (chosen) =>
    ask(
      chosen.length && !isSubmitting
        ? { operation: chosen.length === 1 ? 'enhanceImage' : 'enhanceImageAtTiers', ...order(chosen) }
        : undefined,
    );
  let picker;
  picker = tierPicker(
    {
      tiers: tiersFor('enhancement'),
      sizes: [picture],
      multiple: true,
      onChange(chosen, price) {
        updateButton(chosen, price);
        askFor(chosen);
      },
      durationsOf: { imageId: picture.id },
    },
    signal,
  );
  picker.options?.addEventListener('change', () => askFor(picker.chosen()));
  return h(
    'form',
    {
      class: 'stack tight',
      onsubmit: async (event) => {
        event.preventDefault();
        const chosen = picker.chosen();
        isSubmitting = true;
        errorText.replaceChildren();
        updateButton(chosen, picker.price());
        try {
          const path = chosen.length === 1 ? '/api/images/enhance' : '/api/images/parallel-enhance';
          const answer = await postOnce(path, order(chosen));
          setBalance(answer.newBalance);
          pollJobs((answer.jobs ?? [answer]).map(({ jobId }) => ({ id: jobId })));
          isSubmitting = false;
          picker.clear();
        } catch (error) {
          isSubmitting = false;
          updateButton(chosen, picker.price());
          replaceContent(errorText, errorDetails(error));
        }
      },
    },
    h('h2', {}, 'Enhance'),
    picker.element,
    picker.options,
    elements,
    errorText,
    button,
  );
}
