// Images, cached with their ETags: a request that is answered 304 isn't counted as a view.

import { call, get } from './api.js';
import { emit, on } from './events.js';

const cache = new Map(); // id → {image, etag}

export async function fetchImage(id) {
  const cached = cache.get(id);
  const headers = cached ? { 'If-None-Match': cached.etag } : {};
  const { answer, response } = await call('GET', `/api/images/${id}`, { headers, raw: true });
  if (response.status !== 304)
    cache.set(id, {
      image: { ...answer.image, originalUrl: stableUrl(answer.image.originalUrl) },
      etag: response.headers.get('ETag'),
    });
  return cache.get(id).image;
}

// What tiles, dialogs and the comparison need of an image, whether it comes from a list, an album or an upload.
export const toPicture = (image) => ({
  id: image.id,
  name: image.name,
  url: stableUrl(image.originalUrl ?? image.url),
  width: image.originalWidth ?? image.width,
  height: image.originalHeight ?? image.height,
});

export async function fetchPage(cursor) {
  const { images, nextCursor } = await get(`/api/images?limit=60${cursor ? `&cursor=${cursor}` : ''}`);
  return { images: images.map((each) => ({ ...each, originalUrl: stableUrl(each.originalUrl) })), nextCursor };
}

export async function updateImage(id, changes) {
  await call('PATCH', `/api/images/${id}`, { body: changes });
  cache.delete(id);
}

export async function deleteImage(id) {
  await call('DELETE', `/api/images/${id}`);
  cache.delete(id);
  emit('image-deleted', id);
}

// Each response signs the URL of an object anew. The first URL is used until it expires, so that the browser finds the
// picture in its cache.
const signedUrls = new Map();

export function stableUrl(url) {
  const { origin, pathname, searchParams } = new URL(url, location);
  const cached = signedUrls.get(origin + pathname);
  if (cached && cached.until > Date.now() + 60_000) return cached.url;
  signedUrls.set(origin + pathname, { url, until: (Number(searchParams.get('expires')) || 0) * 1000 });
  return url;
}

on('job', (job) => {
  const cached = cache.get(job.imageId);
  if (!cached) return;
  const others = cached.image.jobs.filter((each) => each.id !== job.id);
  cached.image = { ...cached.image, jobs: [...others, job].sort((a, b) => a.createdAt.localeCompare(b.createdAt)) };
});
on('signed-out', () => cache.clear());
