// Files on their way to the server. A few go one by one; many go together, as the API's batches, which count as one request.
// What is sent again is sent with the same Idempotency-Key, so that a lost answer costs nothing.

import { at, newKey, refusal, unreachable } from './api.js';
import { emit } from './bus.js';
import { spent } from './wallet.js';
import { watch } from './watch.js';

const AT_ONCE = 2;
const ONE_BY_ONE = 6;
const BATCH = { files: 20, bytes: 48e6, each: 10.4e6 };

export const uploads = []; // {file, albumId, state: waiting | sending | done | failed, share, error, parcel}
let sending = 0;

export function upload(files, albumId) {
  uploads.push(...[...files].map((file) => ({ file, albumId, state: 'waiting', share: 0 })));
  pump();
}

export function retry(item) {
  const again = item.parcel?.answered ? [item] : (item.parcel?.items ?? [item]);
  if (item.parcel?.answered) item.parcel = undefined;
  for (const each of again) Object.assign(each, { state: 'waiting', share: 0, error: undefined });
  pump();
}

export function forget(items) {
  for (const item of items) uploads.splice(uploads.indexOf(item), 1);
  emit('uploads');
}

function pump() {
  while (sending < AT_ONCE) {
    const parcel = nextParcel();
    if (!parcel) break;
    sending++;
    send(parcel).finally(() => {
      sending--;
      pump();
    });
  }
  emit('uploads');
}

function nextParcel() {
  const waiting = uploads.filter((item) => item.state === 'waiting');
  const [first] = waiting;
  if (!first) return undefined;
  if (first.parcel) return first.parcel;
  const items = [first];
  const alike = (item) => !item.parcel && item.albumId === first.albumId && item.file.size <= BATCH.each;
  if (waiting.length > ONE_BY_ONE && alike(first)) {
    let bytes = first.file.size;
    for (const item of waiting.slice(1)) {
      if (items.length === BATCH.files || bytes + item.file.size > BATCH.bytes) break;
      if (alike(item)) bytes += items[items.push(item) - 1].file.size;
    }
  }
  const parcel = { items, key: newKey() };
  for (const item of items) item.parcel = parcel;
  return parcel;
}

async function send(parcel) {
  const { items } = parcel;
  for (const item of items) item.state = 'sending';
  emit('uploads');
  const many = items.length > 1;
  const form = new FormData();
  if (items[0].albumId) form.append('albumId', items[0].albumId);
  for (const { file } of items) form.append(many ? 'files' : 'file', file, file.name || 'pasted.png');
  try {
    const answer = await sendForm(many ? '/api/images/batch-upload' : '/api/images/upload', form, {
      key: parcel.key,
      progress: (bytes) => share(items, bytes),
    });
    parcel.answered = true;
    const results = many
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
    for (const [place, result] of results.entries()) settle(items[place], result);
    spent((many ? answer.summary : answer.enhancement)?.newBalance);
  } catch (error) {
    for (const item of items) Object.assign(item, { state: 'failed', error });
  }
  emit('uploads');
}

function settle(item, result) {
  if (!result.success) return Object.assign(item, { state: 'failed', error: { message: result.error } });
  Object.assign(item, { state: 'done', share: 1, imageId: result.imageId });
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
  if (result.jobId) watch([{ id: result.jobId }]);
}

// files are sent in order, so the bytes that have gone say which of them have
function share(items, bytes) {
  let before = 0;
  for (const item of items) {
    item.share = Math.min(1, Math.max(0, (bytes - before) / Math.max(1, item.file.size)));
    before += item.file.size;
  }
  emit('uploads');
}

// `fetch` doesn't tell how much has been sent
export function sendForm(path, form, { key, progress = () => {}, anonymous }) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open('POST', at(path));
    request.responseType = 'json';
    request.setRequestHeader('Idempotency-Key', key);
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onerror = () => failed(unreachable());
    request.onload = () => {
      const answer = request.response ?? {};
      if (request.status < 300) return done(answer);
      return failed(refusal(request.status, answer, request.getResponseHeader('X-Request-ID'), anonymous));
    };
    request.send(form);
  });
}
