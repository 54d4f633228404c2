// The queue of uploads. A few files are sent one by one, many as batches, which the rate limit counts as one request.
// A retry repeats the Idempotency-Key, so that a lost response isn't charged twice.

import { absoluteUrl, newIdempotencyKey, sleep, toApiError, unreachable } from './api.js';
import { emit } from './events.js';
import { pollJobs } from './job_polling.js';
import { setBalance } from './wallet.js';

const REQUESTS_MAX = 2;
const BUSY_TRIES_MAX = 30;
const SINGLE_FILES_MAX = 6;
const BATCH_MAX = { files: 20, bytes: 48e6, fileBytes: 10.4e6 };

export const uploads = []; // {file, albumId, state: waiting | sending | done | failed, progress, error, batch}
let active = 0;

export function upload(files, albumId) {
  uploads.push(...[...files].map((file) => ({ file, albumId, state: 'waiting', progress: 0 })));
  sendNext();
}

export function retry(item) {
  const again = item.batch?.isAnswered ? [item] : (item.batch?.items ?? [item]);
  if (item.batch?.isAnswered) item.batch = undefined;
  for (const each of again) Object.assign(each, { state: 'waiting', progress: 0, error: undefined });
  sendNext();
}

export function dismiss(items) {
  for (const item of items) uploads.splice(uploads.indexOf(item), 1);
  emit('uploads');
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
  const waiting = uploads.filter((item) => item.state === 'waiting');
  const [first] = waiting;
  if (!first) return undefined;
  if (first.batch) return first.batch;
  const items = [first];
  const fits = (item) => !item.batch && item.albumId === first.albumId && item.file.size <= BATCH_MAX.fileBytes;
  if (waiting.length > SINGLE_FILES_MAX && fits(first)) {
    let bytes = first.file.size;
    for (const item of waiting.slice(1)) {
      if (items.length === BATCH_MAX.files || bytes + item.file.size > BATCH_MAX.bytes) break;
      if (fits(item)) bytes += items[items.push(item) - 1].file.size;
    }
  }
  const batch = { items, key: newIdempotencyKey() };
  for (const item of items) item.batch = batch;
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
  try {
    const answer = await sendUnlessBusy(isMultiple ? '/api/images/batch-upload' : '/api/images/upload', form, {
      key: batch.key,
      onProgress: (bytes) => updateProgress(items, bytes),
    });
    batch.isAnswered = true;
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
    for (const item of items) Object.assign(item, { state: 'failed', error });
  }
  emit('uploads');
}

// While the server is busy it has stored and charged nothing.
async function sendUnlessBusy(path, form, options) {
  for (let tries = 1; ; tries++) {
    try {
      return await sendForm(path, form, options);
    } catch (error) {
      if (error.code !== 'SERVER_BUSY' || tries === BUSY_TRIES_MAX) throw error;
      await sleep(error.retryAfter ?? 1);
    }
  }
}

function settle(item, result) {
  if (!result.success) return Object.assign(item, { state: 'failed', error: { message: result.error } });
  Object.assign(item, { state: 'done', progress: 1, imageId: result.imageId });
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
