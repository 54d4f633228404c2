// Pages that need no account: an album that is shared, and a picture before and after.

import { fetchAlbum } from './albums.js';
import { absoluteUrl } from './api.js';
import { imageComparison } from './compare.js';
import { h } from './dom.js';
import { imageSource } from './image_source.js';
import { fetchImage, stableUrl, toPicture, toTile } from './images.js';
import { byNewest, versionName } from './versions.js';
import { virtualGrid } from './virtual_grid.js';

const PAGE = /\/share\/(albums|pictures)\/(\w+)$/;

// The view of a path that the server has a preview card for, if the address is one.
export function sharedViewOf({ pathname, search }) {
  const [, kind, id] = PAGE.exec(pathname) ?? [];
  const query = new URLSearchParams(search);
  if (kind === 'albums')
    return (_parameters, signal) => sharedView({ id, token: query.get('shareToken') ?? undefined }, signal);
  if (kind === 'pictures') return (_parameters, signal) => sharedPictureView({ id, jobId: query.get('job') }, signal);
  return undefined;
}

export async function sharedView({ id, token }, signal) {
  const album = await fetchAlbum(id, { token });
  const source = imageSource(
    {
      path: `/api/albums/${id}/layout`,
      parameters: token ? { shareToken: token } : {},
      details: async (entries, before) => {
        // the album's pages begin after the picture before the first one that is wanted
        const found = new Map();
        for (let left = entries; left.length; left = left.slice(1).filter((entry) => !found.has(entry.id))) {
          const page = await fetchAlbum(id, { token, cursor: before(left[0])?.cursor });
          for (const image of page.images) found.set(image.id, toTile(image));
        }
        return [...found.values()];
      },
    },
    signal,
  );
  const grid = virtualGrid(
    { source, label: 'Pictures', hrefOf: ({ id: imageId }) => grid?.pictureOf(imageId)?.originalUrl ?? '#' },
    signal,
  );
  source.onEntries = () => grid.update();
  await source.reset(Math.ceil((history.state?.scroll ?? 0) / 20));
  source.loadAhead().catch((error) => signal.aborted || source.onError(error));
  return [
    h(
      'div',
      { class: 'page-head' },
      h('h1', { 'data-title': album.name }, album.name, h('span', { class: 'count' }, album.imageCount)),
    ),
    album.description && h('div', { class: 'album-details' }, album.description),
    album.imageCount
      ? grid.element
      : h(
          'div',
          { class: 'empty' },
          h('h2', {}, 'This album is empty'),
          h('p', { class: 'muted' }, 'Come back later.'),
        ),
  ];
}

async function sharedPictureView({ id, jobId }, signal) {
  const image = await fetchImage(id);
  const picture = toPicture(image);
  const completed = [...image.jobs].sort(byNewest).filter((job) => job.status === 'COMPLETED');
  const job = completed.find((each) => each.id === jobId) ?? completed[0];
  const comparison = imageComparison(signal);
  const original = { ...picture, label: 'Before', alt: job ? '' : image.name, file: image.name };
  const result = job && {
    url: stableUrl(job.enhancedUrl),
    width: job.enhancedWidth,
    height: job.enhancedHeight,
    label: versionName(job),
    alt: `${image.name}, enhanced`,
    file: `${image.name.replace(/\.\w+$/, '')} ${versionName(job)}.${job.enhancedUrl.split('?')[0].split('.').pop()}`,
  };
  result ? comparison.show(result, original, { reveal: true }) : comparison.show(original);
  return h(
    'div',
    { class: 'workspace shared' },
    comparison.element,
    h(
      'div',
      { class: 'panel' },
      h(
        'div',
        { class: 'stack' },
        h('h1', {}, image.name),
        image.description && h('p', {}, image.description),
        job && h('p', { class: 'muted small' }, 'Drag the divider to compare; zoom in to see the pixels.'),
      ),
      h('p', {}, h('a', { class: 'button', href: absoluteUrl('/') }, 'Enhance a picture of yours')),
    ),
  );
}
