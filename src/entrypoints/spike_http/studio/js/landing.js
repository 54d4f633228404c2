// The landing page, for visitors who aren't signed in: enhance one picture at the free tier, or sign in.

import { get, newIdempotencyKey, post } from './api.js';
import { imageComparison } from './compare.js';
import { h, progressBar, setProgress } from './dom.js';
import { acceptFiles, fileButton } from './dropzone.js';
import { sniffMimeType, toBase64 } from './files.js';
import { describeLimits, tooLarge } from './limits.js';
import { signInForm } from './sign_in.js';
import { largestTier, pictureLimits, tierById } from './tiers.js';
import { showError } from './toasts.js';
import { sendForm } from './uploads.js';

const SAMPLE = new URL('../sample.jpg', import.meta.url).href;

export function landingView(_parameters, signal) {
  const comparison = imageComparison(signal);
  const progress = progressBar('Enhancing');
  progress.classList.add('working');
  const status = h('p', { class: 'status small', role: 'status' });
  const sample = h('button', { type: 'button', class: 'button', onclick: trySample }, 'Try this sample');
  const fileChooser = fileButton('Choose a picture', (files) => tryPicture(files[0]), { multiple: false });
  comparison.show({ url: SAMPLE, width: 451, height: 300, label: 'Sample', alt: 'A cat', file: 'sample.jpg' });
  const { side } = tierById('FREE'); // none where nothing is free
  const largest = largestTier();
  const limits = pictureLimits();
  if (side)
    acceptFiles({ text: 'One picture, free, without an account', onFiles: (files) => tryPicture(files[0]) }, signal);

  async function trySample() {
    tryPicture(new File([await (await fetch(SAMPLE)).blob()], 'sample.jpg', { type: 'image/jpeg' }));
  }

  async function tryPicture(file) {
    if (limits && file.size > limits.fileBytesMax) return showError(tooLarge(limits));
    for (const button of [sample, fileChooser.firstChild]) button.disabled = true;
    comparison.element.append(progress);
    scrollTo(0, 0); // on a small screen the comparison is above the buttons
    status.textContent = 'Uploading';
    try {
      await enhance(file);
    } catch (error) {
      if (!signal.aborted) {
        showError(error);
        status.textContent = '';
      }
    }
    progress.remove();
    for (const button of [sample, fileChooser.firstChild]) button.disabled = false;
  }

  async function enhance(file) {
    const form = new FormData();
    form.append('file', file, file.name || 'pasted.png');
    const { image } = await sendForm('/api/images/anonymous-upload', form, {
      key: newIdempotencyKey(),
      anonymous: true,
      onProgress: (sent) => setProgress(progress, (0.4 * sent) / file.size),
    });
    const original = {
      url: image.url,
      width: image.width,
      height: image.height,
      label: 'Before',
      alt: image.name,
      file: image.name,
    };
    await comparison.show(original);
    status.textContent = 'Enhancing';
    // without an account the API only blends; a picture blended with itself doesn't change
    const blendSource = { base64: await toBase64(file), mimeType: await sniffMimeType(file) };
    const { jobId } = await post(
      '/api/images/anonymous-enhance',
      { imageId: image.id, blendSource },
      { key: newIdempotencyKey() },
    );
    setProgress(progress, 0.6);
    for (let job; !signal.aborted; ) {
      ({ job } = await get(`/api/jobs/${jobId}?wait=20`, { signal }));
      if (job.status === 'COMPLETED') {
        setProgress(progress, 1);
        const result = {
          url: job.enhancedUrl,
          width: job.enhancedWidth,
          height: job.enhancedHeight,
          label: 'After',
          alt: `${image.name}, enhanced`,
          file: `${image.name.replace(/\.\w+$/, '')} enhanced.jpg`,
        };
        await comparison.show(result, { ...original, alt: '' }, { reveal: true });
        status.textContent = 'Done. Drag the divider to compare; zoom in to see the pixels.';
        return;
      }
      if (job.errorMessage)
        throw Object.assign(new Error(job.errorMessage), { status: 0, suggestion: 'Please try another picture' });
    }
  }

  return h(
    'div',
    { class: 'workspace landing' },
    comparison.element,
    h(
      'div',
      { class: 'panel' },
      h(
        'div',
        {},
        h('h1', { 'data-title': 'Welcome' }, 'See more detail in your pictures'),
        h('p', { class: 'pitch' }, 'Spike enlarges and sharpens photographs on your own server.'),
        side && h('div', { class: 'actions' }, fileChooser, sample),
        status,
        side &&
          h(
            'p',
            { class: 'terms' },
            `One picture at a time, free, enlarged up to ${side} pixels. `,
            limits && `${describeLimits(limits).replace(' each', '')} `,
            'It is stored for a week, and anyone with its URL can see it.',
          ),
      ),
      h(
        'section',
        { class: 'stack' },
        h('h2', {}, largest ? `Sign in for ${largest.name}, albums and more` : 'Sign in'),
        signInForm(),
      ),
    ),
  );
}
