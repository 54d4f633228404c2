// Images, cached with their ETags: a request that is answered 304 isn't counted as a view.

import { call, get, post } from './api.js';
import { emit, on } from './events.js';

const LINKS_MAX = 100; // jobs of one request, as the API allows
export const RENEWED_BEFORE_MS = 60_000; // a URL ends

const cache = new Map(); // id → {image, etag}

export async function fetchImage(id) {
  const cached = cache.get(id);
  const headers = cached ? { 'If-None-Match': cached.etag } : {};
  const { answer, response } = await call('GET', `/api/images/${id}`, { headers, raw: true });
  if (response.status !== 304)
    cache.set(id, {
      image: {
        ...answer.image,
        originalUrl: stableUrl(answer.image.originalUrl),
        urlExpiresAt: answer.urlExpiresAt,
      },
      etag: response.headers.get('ETag'),
    });
  return cache.get(id).image;
}

// What tiles, dialogs and the comparison need of an image, whether it comes from a list, an album or an upload.
export const toPicture = (image) => ({
  id: image.id,
  name: image.name,
  url: stableUrl(image.originalUrl ?? image.url),
  thumbnailUrl: thumbnailOf(image),
  thumbhash: image.thumbhash,
  width: image.originalWidth ?? image.width,
  height: image.originalHeight ?? image.height,
});

// null while the thumbnail isn't made yet
const thumbnailOf = (image) => {
  const url = image.thumbnailUrl === undefined ? (image.originalUrl ?? image.url) : image.thumbnailUrl;
  return url && stableUrl(url);
};

// What the grid needs of an image: its thumbnail, and until when the link to it is valid.
export const toTile = (image) => {
  const picture = toPicture(image);
  const { thumbnailUrl } = picture;
  return {
    ...picture,
    originalUrl: picture.url,
    url: thumbnailUrl,
    until: thumbnailUrl ? validUntil(thumbnailUrl) : Number.POSITIVE_INFINITY,
  };
};

// the newest images, to choose one of them
export async function fetchPage() {
  const { images } = await get('/api/images?limit=60');
  return { images: images.map((each) => ({ ...each, originalUrl: stableUrl(each.originalUrl) })) };
}

export async function fetchTiles(ids) {
  return (await get(`/api/images?ids=${ids.join(',')}`)).images.map(toTile);
}

// New URLs of an image's original and of the results of its jobs.
export async function fetchLinks(id, jobIds) {
  const { images, jobs, urlExpiresAt } = await post('/api/images/links', {
    imageIds: [id],
    jobIds: jobIds.slice(-LINKS_MAX),
  });
  return { original: images[0] && remember(images[0].originalUrl), jobs: jobs.map(withRememberedUrl), urlExpiresAt };
}
const withRememberedUrl = (job) => ({ ...job, enhancedUrl: remember(job.enhancedUrl) });

// Has a thumbnail made anew that couldn't be loaded from a store of its own. Where Spike serves the files, it notices itself.
export function reportLost({ id, url, originalUrl }) {
  if (url === originalUrl || new URL(url, location).origin === location.origin) return;
  post('/api/images/links', { imageIds: [id], lost: true }).catch(() => {}); // nothing depends on it
}

export async function updateImage(id, changes) {
  await call('PATCH', `/api/images/${id}`, { body: changes });
  cache.delete(id);
}

export async function deleteImage(id) {
  await call('DELETE', `/api/images/${id}`);
  forget(id);
}

export const DELETED_AT_ONCE = 100; // by one request, as the API allows

export async function deleteImages(ids) {
  await post('/api/images/delete', { imageIds: ids });
  ids.forEach(forget);
}

function forget(id) {
  cache.delete(id);
  emit('image-deleted', id);
}

// Each response signs the URL of an object anew. The first URL is used until it expires, so that the browser finds the
// picture in its cache.
const signedUrls = new Map();

// When a signed URL ends, in ms; plain URLs never do. S3 signs with a date and a duration.
export function validUntil(url) {
  const { searchParams } = new URL(url, location);
  const at = Number(searchParams.get('expires') ?? searchParams.get('Expires'));
  if (at) return at * 1000;
  const seconds = Number(searchParams.get('X-Amz-Expires'));
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(searchParams.get('X-Amz-Date') ?? '');
  if (!seconds || !date) return Number.POSITIVE_INFINITY;
  const [year, month, ...rest] = date.slice(1).map(Number);
  return Date.UTC(year, month - 1, ...rest) + seconds * 1000;
}

export function stableUrl(url) {
  const { origin, pathname } = new URL(url, location);
  const cached = signedUrls.get(origin + pathname);
  if (cached && cached.until > Date.now() + RENEWED_BEFORE_MS) return cached.url;
  return remember(url);
}

function remember(url) {
  const { origin, pathname } = new URL(url, location);
  signedUrls.set(origin + pathname, { url, until: validUntil(url) });
  return url;
}

on('job', (job) => {
  const cached = cache.get(job.imageId);
  if (!cached) return;
  const others = cached.image.jobs.filter((each) => each.id !== job.id);
  cached.image = { ...cached.image, jobs: [...others, job].sort((a, b) => a.createdAt.localeCompare(b.createdAt)) };
});
on('signed-out', () => cache.clear());
