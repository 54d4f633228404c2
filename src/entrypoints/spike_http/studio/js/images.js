// Images as they were last seen, so that looking again costs an ETag and looks are not used up.

import { call, get } from './api.js';
import { emit, on } from './bus.js';

const seen = new Map(); // id → {image, etag}

export async function image(id) {
  const known = seen.get(id);
  const headers = known ? { 'If-None-Match': known.etag } : {};
  const { answer, response } = await call('GET', `/api/images/${id}`, { headers, raw: true });
  if (response.status !== 304)
    seen.set(id, {
      image: { ...answer.image, originalUrl: steady(answer.image.originalUrl) },
      etag: response.headers.get('ETag'),
    });
  return seen.get(id).image;
}

export const lastSeen = (id) => seen.get(id)?.image;

export async function page(cursor) {
  const { images, nextCursor } = await get(`/api/images?limit=60${cursor ? `&cursor=${cursor}` : ''}`);
  return { images: images.map((each) => ({ ...each, originalUrl: steady(each.originalUrl) })), nextCursor };
}

export async function change(id, labels) {
  const { image: changed } = await call('PATCH', `/api/images/${id}`, { body: labels });
  seen.delete(id);
  emit('image-changed', changed);
  return changed;
}

export async function remove(id) {
  await call('DELETE', `/api/images/${id}`);
  seen.delete(id);
  emit('image-gone', id);
}

// A signed address changes with time though the object doesn't. The first one is kept while it is good, and with it the
// browser's copy of the picture.
const addresses = new Map();

export function steady(url) {
  const { origin, pathname, searchParams } = new URL(url, location);
  const known = addresses.get(origin + pathname);
  if (known && known.until > Date.now() + 60_000) return known.url;
  addresses.set(origin + pathname, { url, until: (Number(searchParams.get('expires')) || 0) * 1000 });
  return url;
}

on('job', (job) => {
  const known = seen.get(job.imageId);
  if (!known) return;
  const others = known.image.jobs.filter((each) => each.id !== job.id);
  known.image = { ...known.image, jobs: [...others, job].sort((a, b) => a.createdAt.localeCompare(b.createdAt)) };
});
on('signed-out', () => seen.clear());
