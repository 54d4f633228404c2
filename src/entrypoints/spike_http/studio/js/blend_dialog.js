// The dialogs that blend one picture into another.

import { postOnce } from './api.js';
import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { sniffMimeType, toBase64 } from './files.js';
import { fetchPage, toPicture } from './images.js';
import { pollJobs } from './job_polling.js';
import { quoteLines } from './quotes.js';
import { tierPicker } from './tier_picker.js';
import { firstChoiceFor, tiersFor } from './tiers.js';
import { showError, showToast } from './toasts.js';
import { setBalance } from './wallet.js';

const QUOTED_BYTES_MAX = 1_000_000; // a larger file isn't sent twice: then the prices of the tiers have to do

const figure = (picture, text) =>
  h('figure', {}, h('img', { src: picture.url, alt: picture.name }), h('figcaption', {}, text));

// `base` is {id, name, url, width, height}; `source` is the same, or {file, name, url} for a file that isn't uploaded.
export function openBlendDialog(base, source, onStart = () => {}) {
  const lifetime = new AbortController();
  const { elements, ask } = quoteLines(lifetime.signal);
  const sourceOf = async () =>
    source.id
      ? { imageId: source.id }
      : { base64: await toBase64(source.file), mimeType: await sniffMimeType(source.file) };
  const askFor = async ([tier]) => {
    if (!tier || source.file?.size > QUOTED_BYTES_MAX) return ask();
    return ask({ operation: 'enhanceImage', imageId: base.id, tier, blendSource: await sourceOf() });
  };
  const picker = tierPicker(
    {
      tiers: tiersFor('blend'),
      sizes: [base],
      chosen: [firstChoiceFor('blend')],
      durationsOf: { imageId: base.id },
      onChange: (chosen) => askFor(chosen).catch(showError),
    },
    lifetime.signal,
  );
  const { dialog } = openDialog({
    title: 'Blend two pictures',
    content: [
      h(
        'div',
        { class: 'pair' },
        figure(source, source.name),
        h('span', { 'aria-hidden': 'true' }, '→'),
        figure(base, `into ${base.name}`),
      ),
      picker.element,
      elements,
    ],
    action: 'Blend',
    async onSubmit() {
      const blendSource = await sourceOf();
      const answer = await postOnce('/api/images/enhance', { imageId: base.id, tier: picker.chosen()[0], blendSource });
      setBalance(answer.newBalance);
      pollJobs([{ id: answer.jobId }]);
      showToast('Blending started. ', h('a', { href: `#/picture/${base.id}` }, `View it in ${base.name}`));
      onStart();
    },
  });
  dialog.addEventListener('close', () => lifetime.abort());
}

// Asks for the picture to blend in; the alternative to dragging it.
export async function openBlendSourceDialog(base) {
  const { images } = await fetchPage();
  const candidates = images.filter((each) => each.id !== base.id);
  if (!candidates.length) return showToast('The library has no other picture to blend in');
  return openDialog({
    title: `Blend into ${base.name}`,
    content: h(
      'div',
      { class: 'choices', role: 'radiogroup', 'aria-label': 'Picture to blend in' },
      candidates.map((each) =>
        h(
          'label',
          {},
          h('input', { type: 'radio', name: 'other', value: each.id, required: true }),
          h('img', { src: each.originalUrl, alt: each.name, loading: 'lazy' }),
        ),
      ),
    ),
    action: 'Continue',
    async onSubmit(form) {
      const source = candidates.find((each) => each.id === form.get('other'));
      openBlendDialog(base, toPicture(source));
    },
  });
}
