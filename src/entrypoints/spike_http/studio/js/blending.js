// Two pictures become one: the question, and the request.

import { postOnce } from './api.js';
import { ask } from './dialog.js';
import { h } from './dom.js';
import { page, steady } from './images.js';
import { say } from './notices.js';
import { tierPicker } from './picker.js';
import { TIERS } from './tiers.js';
import { spent } from './wallet.js';
import { watch } from './watch.js';

const shown = (picture, text) =>
  h('figure', {}, h('img', { src: picture.url, alt: picture.name }), h('figcaption', {}, text));

// `base` is {id, name, url, width, height}; `source` is another, or {file, name, url}.
export function blend(base, source, then = () => {}) {
  const life = new AbortController();
  const picker = tierPicker({ tiers: TIERS, size: base, chosen: ['FREE'], about: { imageId: base.id } }, life.signal);
  const { dialog } = ask({
    title: 'Blend two pictures',
    content: [
      h(
        'div',
        { class: 'pair' },
        shown(source, source.name),
        h('span', { 'aria-hidden': 'true' }, '→'),
        shown(base, `into ${base.name}`),
      ),
      picker.element,
    ],
    action: 'Blend',
    async act() {
      const blendSource = source.id
        ? { imageId: source.id }
        : { base64: await base64(source.file), mimeType: await sniffed(source.file) };
      const answer = await postOnce('/api/images/enhance', { imageId: base.id, tier: picker.chosen()[0], blendSource });
      spent(answer.newBalance);
      watch([{ id: answer.jobId }]);
      say('Blending has begun. ', h('a', { href: `#/picture/${base.id}` }, `Watch it in ${base.name}`));
      then();
    },
  });
  dialog.addEventListener('close', () => life.abort());
}

// Lets a person choose the other picture, for those who don't drag.
export async function chooseOther(base, then) {
  const { images } = await page();
  const others = images.filter((each) => each.id !== base.id);
  if (!others.length) return say('There is no other picture in the library to blend in');
  return ask({
    title: `Blend into ${base.name}`,
    content: h(
      'div',
      { class: 'choices', role: 'radiogroup', 'aria-label': 'The other picture' },
      others.map((each) =>
        h(
          'label',
          {},
          h('input', { type: 'radio', name: 'other', value: each.id, required: true }),
          h('img', { src: each.originalUrl, alt: each.name, loading: 'lazy' }),
        ),
      ),
    ),
    action: 'Go on',
    async act(form) {
      const other = others.find((each) => each.id === form.get('other'));
      blend(base, asPicture(other), then);
    },
  });
}

export const asPicture = (image) => ({
  id: image.id,
  name: image.name,
  url: steady(image.originalUrl ?? image.url),
  width: image.originalWidth ?? image.width,
  height: image.originalHeight ?? image.height,
});

export async function base64(blob) {
  const url = await new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
  return url.slice(url.indexOf(',') + 1);
}

// What a file is by its first bytes; the server compares this with them, and files lie about what they are.
export async function sniffed(file) {
  const text = String.fromCharCode(...new Uint8Array(await file.slice(0, 64).arrayBuffer()));
  if (text.startsWith('\x89PNG')) return 'image/png';
  if (text.startsWith('GIF')) return 'image/gif';
  if (text.startsWith('RIFF')) return 'image/webp';
  if (text.startsWith('ftyp', 4)) return /avi[fs]/.test(text) ? 'image/avif' : 'image/heic';
  return /^(II|MM)/.test(text) ? 'image/tiff' : 'image/jpeg';
}
