// What is done to selected pictures, however many: enhance, move, download, delete with undo.

import { openMoveDialog } from './album_forms.js';
import { call, postOnce, unlessBusy } from './api.js';
import { openDialog } from './dialog.js';
import { h, progressBar, setProgress } from './dom.js';
import { emit, on } from './events.js';
import { DELETED_AT_ONCE, deleteImages } from './images.js';
import { isFinished, pollJobs } from './job_polling.js';
import { readLimits } from './limits.js';
import { quoter, quoteText, refusalText, tokensOf } from './quotes.js';
import { tierPicker } from './tier_picker.js';
import { firstChoiceFor, formatTokens, tiersFor } from './tiers.js';
import { showActionToast, showError, showToast } from './toasts.js';
import { balance, setBalance } from './wallet.js';

const DOWNLOADED_AT_ONCE = 1000; // the API's limit per request
const UNDO_MS = 10_000;

export const hiddenIds = new Set(); // deleted unless it is undone

const plural = (count) => `${count === 1 ? 'one picture' : `${count} pictures`}`;

// `sizes` are those of the pictures, as far as they are known; `onStart` is called with what was ordered.
function openEnhanceDialog(imageIds, { sizes = [], tier, onStart = () => {} } = {}) {
  const lifetime = new AbortController();
  const summary = h('p', { class: 'small', role: 'status' });
  const refusal = h('p', { class: 'small error-text', role: 'alert' });
  let share = 1; // of all pictures to those that one request may name; the price is the same for each
  const ask = quoter((quote) => {
    refusal.textContent = quote ? refusalText(quote) : '';
    if (!quote) return;
    const order = quote.seconds !== null && imageIds.length > 1 ? ' one after the other' : '';
    summary.textContent = `${label}: ${quoteText(quote, share)}${order}`;
  }, lifetime.signal);
  const askFor = async (tier) => {
    const quoted = imageIds.slice(0, (await readLimits())?.batchFilesMax ?? 1);
    share = imageIds.length / quoted.length;
    return ask(tier && { operation: 'enhanceImages', imageIds: quoted, tier, ...picker?.output() });
  };
  const label = plural(imageIds.length).replace(/^o/, 'O');
  let picker;
  picker = tierPicker(
    {
      tiers: tiersFor('enhancement'),
      count: imageIds.length,
      sizes,
      chosen: [tier ?? firstChoiceFor('enhancement')],
      onChange([chosen], price) {
        summary.textContent = `${label}: ${tokensOf(price, balance())}`;
        askFor(chosen);
      },
    },
    lifetime.signal,
  );
  const { dialog } = openDialog({
    title: `Enhance ${plural(imageIds.length)}`,
    content: [picker.element, summary, refusal, picker.options],
    action: 'Enhance',
    async onSubmit() {
      await enhance(imageIds, { tier: picker.chosen()[0], ...picker.output() });
      onStart();
    },
  });
  picker.options?.addEventListener('change', () => askFor(picker.chosen()[0]));
  dialog.addEventListener('close', () => lifetime.abort());
}

async function enhance(imageIds, order) {
  const most = (await readLimits())?.batchFilesMax ?? 1;
  let [started, price] = [0, 0];
  try {
    for (let from = 0; from < imageIds.length; from += most) {
      const answer = await postOnce('/api/images/batch-enhance', {
        imageIds: imageIds.slice(from, from + most),
        ...order,
      });
      setBalance(answer.summary.newBalance);
      watch(answer.jobs, order);
      pollJobs(answer.jobs.map(({ jobId }) => ({ id: jobId })));
      started += answer.summary.total;
      price += answer.summary.totalCost;
    }
  } catch (error) {
    if (error.status === 404) {
      Object.assign(error, {
        message: 'Some of these pictures were deleted meanwhile.',
        suggestion: 'Try again without them.',
      });
      emit('images-changed');
    }
    if (started) error.message = `${started} of ${imageIds.length} started. ${error.message}`;
    throw error;
  } finally {
    if (started) showToast(`${started} started, ${formatTokens(price)}`);
  }
}

// Once all jobs of an order have ended, those that failed are offered to be ordered again, all at once.
function watch(jobs, order) {
  const open = new Map(jobs.map(({ jobId, imageId }) => [jobId, imageId]));
  const failed = [];
  const lifetime = new AbortController();
  on(
    'job',
    (job) => {
      if (!isFinished(job) || !open.has(job.id)) return;
      if (job.status === 'FAILED' || job.status === 'REFUNDED') failed.push(open.get(job.id));
      open.delete(job.id);
      if (open.size) return;
      lifetime.abort();
      if (failed.length)
        showActionToast(`${failed.length} of ${jobs.length} failed and cost nothing.`, 'Retry all', () =>
          enhance(failed, order).catch(showError),
        );
    },
    lifetime.signal,
  );
}

// Hides the pictures at once and deletes them when the time for Undo is over. Until then nothing is sent, so a page that is closed
// meanwhile deletes nothing.
function deleteWithUndo(ids) {
  for (const id of ids) hiddenIds.add(id);
  emit('images-hidden', ids);
  const toast = showActionToast(
    `${plural(ids.length).replace(/^o/, 'O')} will be deleted, with all versions.`,
    'Undo',
    () => {
      clearInterval(timer);
      showAgain(ids);
      showToast('Nothing was deleted');
    },
    { onDismiss: finish },
  );
  let left = UNDO_MS / 1000;
  toast.setCount(`${left} s`);
  const timer = setInterval(() => {
    left -= 1;
    if (left <= 0) return finish();
    return toast.setCount(`${left} s`);
  }, 1000);
  let isOver = false;
  function finish() {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    toast.remove();
    deleteNow(ids);
  }
}

function showAgain(ids) {
  for (const id of ids) hiddenIds.delete(id);
  emit('images-shown-again', ids);
}

async function deleteNow(ids) {
  const bar = progressBar('Deleting');
  const toast = ids.length > DELETED_AT_ONCE ? showToast('Deleting', bar) : undefined;
  let done = 0;
  try {
    for (; done < ids.length; done += DELETED_AT_ONCE) {
      const some = ids.slice(done, done + DELETED_AT_ONCE);
      await unlessBusy(() => deleteImages(some));
      setProgress(bar, Math.min(1, (done + some.length) / ids.length));
    }
    showToast(`${plural(ids.length).replace(/^o/, 'O')} deleted`);
  } catch (error) {
    showAgain(ids.slice(done));
    showError(error);
  } finally {
    toast?.remove();
  }
}

// `returnFocus()` is called when the bar goes away while it, or a dialog that it opened, has the focus.
export function selectionBar(
  selection,
  { extra = () => [], sizesOf = () => [], from, onMoved = () => {}, returnFocus },
  signal,
) {
  const element = h('div', {
    class: 'selection-bar',
    role: 'toolbar',
    'aria-label': 'Selected pictures',
    hidden: true,
  });
  const count = h('strong', { role: 'status' });
  const button = (text, onclick, kind = '') =>
    h('button', { type: 'button', class: `button compact quiet ${kind}`, onclick }, text);
  function render() {
    const { size } = selection;
    if (!size) return hide();
    element.hidden = false;
    count.textContent = `${size} selected`;
    element.replaceChildren(
      count,
      button('Enhance', () => {
        const ids = selection.ids();
        openEnhanceDialog(ids, { sizes: sizesOf(ids), onStart: selection.clear });
      }),
      button('Move to album', () =>
        openMoveDialog(selection.ids(), from, () => {
          onMoved(selection.ids());
          selection.clear();
        }).catch(showError),
      ),
      button('Download', () => downloadZip(selection.ids()).catch(showError)),
      ...extra(size),
      button(
        'Delete',
        () => {
          const ids = selection.ids();
          selection.clear();
          deleteWithUndo(ids);
        },
        'danger',
      ),
      button('Done', () => selection.clear()),
    );
  }
  function hide() {
    const hadFocus = element.contains(document.activeElement);
    const dialog = element.hidden ? undefined : document.querySelector('dialog[open]');
    element.hidden = true;
    // a dialog that is closed gives the focus back to the button that opened it, which is hidden by then
    if (dialog) dialog.addEventListener('close', () => signal.aborted || returnFocus(), { once: true });
    else if (hadFocus) returnFocus();
  }
  selection.onChange(render, signal);
  return { element, button };
}

// Downloads a zip file for each thousand pictures; the browser keeps what it has received until a file is complete.
async function downloadZip(imageIds) {
  for (let from = 0; from < imageIds.length; from += DOWNLOADED_AT_ONCE) {
    const body = { imageIds: imageIds.slice(from, from + DOWNLOADED_AT_ONCE) };
    const { blob, name } = await call('POST', '/api/images/download', { body, isFile: true });
    const url = URL.createObjectURL(blob);
    h('a', { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }
}
