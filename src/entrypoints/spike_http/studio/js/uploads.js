// The queue of uploads. A few files are sent one by one, many as batches, which the rate limit counts as one request.
// A retry repeats the Idempotency-Key, so that a lost response isn't charged twice. Files, keys and batches are kept until they are
// answered, so that a reload goes on where the page ended, with the same requests.

import { absoluteUrl, newIdempotencyKey, post, toApiError, unlessBusy, unreachable } from './api.js';
import { emit, on } from './events.js';
import { pollJobs } from './job_polling.js';
import { readLimits, tooLarge } from './limits.js';
import { keepFile } from './local_previews.js';
import { quoteText } from './quotes.js';
import { currentUser } from './session.js';
import { forgetUploads, keepUploads, keptUploads } from './upload_store.js';
import { setBalance } from './wallet.js';

const REQUESTS_MAX = 2;
const SINGLE_FILES_MAX = 6;

export const uploads = []; // {id, file, albumId, owner, state: waiting | sending | done | failed, progress, error, batch}
let active = 0;
let isResuming = false;
let hasQueue = false; // of the tabs, this one sends what was kept
let limits; // of a batch, as the API publishes them
export let price = ''; // of the files that were added last, with the balance

export async function upload(files, albumId) {
  const owner = currentUser()?.id;
  const items = [...files].map((file) => ({
    id: newIdempotencyKey(),
    file,
    albumId,
    owner,
    state: 'waiting',
    progress: 0,
  }));
  uploads.push(...items);
  emit('uploads');
  [limits] = await Promise.all([readLimits(), keepUploads(items.map(recordOf))]);
  refuseTooLarge(items);
  await askPrice(items);
  sendNext();
}

// What is too large isn't sent. Where the limits can't be read, the server says so, and files are sent one by one.
function refuseTooLarge(items) {
  const refused = items.filter(({ file, state }) => limits && state === 'waiting' && file.size > limits.fileBytesMax);
  for (const item of refused) Object.assign(item, { state: 'failed', error: tooLarge(limits) });
  forgetUploads(refused.map(({ id }) => id));
}

// Asks what they cost before any is sent. If the first one would be refused now, none is; else the server decides on each.
async function askPrice(items) {
  const isWaiting = ({ state }) => state === 'waiting';
  const [first] = items.filter(isWaiting);
  price = '';
  if (!first) return;
  const order = { operation: 'uploadImage', file: first.file.size, ...(first.albumId && { albumId: first.albumId }) };
  const quote = await post('/api/quotes', order).catch(() => undefined); // the upload itself says what is wrong
  if (!quote) return;
  const waiting = items.filter(isWaiting);
  const [reason] = quote.reasons;
  if (!reason) {
    price = quoteText(quote, waiting.length);
    return;
  }
  for (const item of waiting)
    Object.assign(item, { state: 'failed', error: { message: reason.error, suggestion: reason.suggestion } });
  forgetUploads(waiting.map(({ id }) => id));
}

// Sends the uploads that an earlier page, or a page that was reloaded, hasn't finished. Of several tabs one does it at a time, where
// the browser has locks; elsewhere the keys see to it that nothing counts twice.
export async function resumeUploads() {
  if (hasQueue || !navigator.locks) return resume();
  if (isResuming) return;
  isResuming = true;
  return navigator.locks.request('spike-uploads', async () => {
    hasQueue = true;
    await resume();
    return new Promise(() => {}); // held as long as the page is open
  });
}

async function resume() {
  const kept = await keptUploads();
  const known = new Set(uploads.map(({ id }) => id));
  const records = kept.filter(({ id, owner }) => owner === currentUser()?.id && !known.has(id));
  const batches = new Map();
  for (const { id, file, albumId, owner, key, place } of records.sort((a, b) => a.at - b.at || a.place - b.place)) {
    const item = { id, file, albumId, owner, state: 'waiting', progress: 0 };
    uploads.push(item);
    if (!key) continue;
    const batch = batches.get(key) ?? { items: [], key };
    batches.set(key, batch);
    batch.items[place] = item;
    item.batch = batch;
  }
  for (const batch of batches.values()) if (batch.items.includes(undefined)) split(batch, []); // files were dismissed
  if (uploads.length) limits = await readLimits();
  sendNext();
}

const startedAt = Date.now();
const recordOf = (item, place = 0) => ({
  id: item.id,
  file: item.file,
  albumId: item.albumId,
  owner: item.owner,
  at: startedAt + uploads.indexOf(item),
  key: item.batch?.key,
  place: item.batch ? item.batch.items.indexOf(item) : place,
});

export function retry(item) {
  prepareAgain(item);
  sendNext();
}

export function retryAll() {
  for (const item of uploads.filter(({ state }) => state === 'failed')) if (item.state === 'failed') prepareAgain(item);
  sendNext();
}

function prepareAgain(item) {
  const again = item.batch?.isAnswered ? [item] : (item.batch?.items ?? [item]);
  if (item.batch?.isAnswered) item.batch = undefined;
  for (const each of again) Object.assign(each, { state: 'waiting', progress: 0, error: undefined });
}

// A row goes once its file is forgotten: a reload that follows doesn't send it again.
export async function dismiss(items) {
  for (const item of items) item.isDismissed = true;
  const batches = new Set(items.map(({ batch }) => batch).filter((batch) => batch && !batch.isAnswered));
  await Promise.all([...batches].map((batch) => split(batch, items)));
  await forgetUploads(items.map(({ id }) => id));
  removeItems(items);
  emit('uploads');
}
function removeItems(items) {
  for (const item of items) if (uploads.includes(item)) uploads.splice(uploads.indexOf(item), 1);
}

// A request can be repeated only as it was: without the files that were dismissed, the others are sent as new requests.
function split(batch, dismissed) {
  const others = batch.items.filter((item) => item && !dismissed.includes(item));
  for (const item of others) item.batch = undefined;
  return keepUploads(others.filter(({ error }) => !error?.status).map((item) => recordOf(item)));
}

function sendNext() {
  while (active < REQUESTS_MAX) {
    const batch = nextBatch();
    if (!batch) break;
    active++;
    send(batch).finally(() => {
      active--;
      sendNext();
    });
  }
  emit('uploads');
}

function nextBatch() {
  const waiting = uploads.filter((item) => item.state === 'waiting' && !item.isDismissed);
  const [first] = waiting;
  if (!first) return undefined;
  if (first.batch) return first.batch;
  const items = [first];
  const fits = (item) => !item.batch && item.albumId === first.albumId && item.file.size <= limits.fileBytesMax;
  if (limits && waiting.length > SINGLE_FILES_MAX && fits(first)) {
    let bytes = first.file.size;
    for (const item of waiting.slice(1)) {
      if (items.length === limits.batchFilesMax || bytes + item.file.size > limits.batchBytesMax) break;
      if (fits(item)) bytes += items[items.push(item) - 1].file.size;
    }
  }
  const batch = { items, key: newIdempotencyKey() };
  for (const item of items) item.batch = batch;
  batch.isKept = keepUploads(items.map(recordOf));
  return batch;
}

async function send(batch) {
  const { items } = batch;
  for (const item of items) item.state = 'sending';
  emit('uploads');
  const isMultiple = items.length > 1;
  const form = new FormData();
  if (items[0].albumId) form.append('albumId', items[0].albumId);
  for (const { file } of items) form.append(isMultiple ? 'files' : 'file', file, file.name || 'pasted.png');
  await batch.isKept; // the key is there before the request is
  try {
    const path = isMultiple ? '/api/images/batch-upload' : '/api/images/upload';
    const onProgress = (bytes) => updateProgress(items, bytes);
    const answer = await unlessBusy(() => sendForm(path, form, { key: batch.key, onProgress }));
    batch.isAnswered = true;
    forgetUploads(items.map(({ id }) => id));
    const results = isMultiple
      ? answer.results
      : [
          {
            success: true,
            ...answer.image,
            imageId: answer.image.id,
            ...answer.enhancement,
            filename: answer.image.name,
          },
        ];
    for (const [index, result] of results.entries()) settle(items[index], result);
    setBalance((isMultiple ? answer.summary : answer.enhancement)?.newBalance);
  } catch (error) {
    // what the server has refused would be refused again after a reload
    if (error.status) forgetUploads(items.map(({ id }) => id));
    for (const item of items) Object.assign(item, { state: 'failed', error });
  }
  emit('uploads');
}

on('signed-in', () => {
  // what another account hasn't sent stays kept for it
  removeItems(uploads.filter(({ owner }) => owner !== currentUser()?.id));
  emit('uploads');
  return resumeUploads();
});
// no picture stays in a browser that its owner has left
on('signed-out', () => dismiss([...uploads]));

function settle(item, result) {
  if (!result.success) return Object.assign(item, { state: 'failed', error: { message: result.error } });
  Object.assign(item, { state: 'done', progress: 1, imageId: result.imageId, duplicateOf: result.duplicateOf });
  keepFile(result.imageId, item.file);
  emit('uploaded', {
    image: {
      id: result.imageId,
      name: result.filename,
      originalUrl: result.url,
      originalWidth: result.width,
      originalHeight: result.height,
    },
    albumId: item.albumId,
  });
  if (result.jobId) pollJobs([{ id: result.jobId }]);
}

// the files of a request are sent in order, so the number of bytes sent gives the progress of each
function updateProgress(items, bytes) {
  let before = 0;
  for (const item of items) {
    item.progress = Math.min(1, Math.max(0, (bytes - before) / Math.max(1, item.file.size)));
    before += item.file.size;
  }
  emit('uploads');
}

// XMLHttpRequest, because `fetch` doesn't report upload progress
export function sendForm(path, form, { key, onProgress = () => {}, anonymous }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', absoluteUrl(path));
    request.responseType = 'json';
    request.setRequestHeader('Idempotency-Key', key);
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onerror = () => reject(unreachable());
    request.onload = () => {
      const answer = request.response ?? {};
      if (request.status < 300) return resolve(answer);
      return reject(toApiError(request.status, answer, request.getResponseHeader('X-Request-ID'), anonymous));
    };
    request.send(form);
  });
}
