// For visitors: one picture at the free tier without an account, and the way in.

import { get, newKey, post } from './api.js';
import { base64, sniffed } from './blending.js';
import { ask } from './dialog.js';
import { bar, h, setBar } from './dom.js';
import { complain } from './notices.js';
import { chooser, receive } from './receiving.js';
import { signIn } from './session.js';
import { stage } from './stage.js';
import { sendForm } from './uploads.js';

const SAMPLE = new URL('../sample.jpg', import.meta.url).href;

export function welcomeView(_parameters, signal) {
  const compare = stage(signal);
  const progress = bar('Enhancing');
  progress.classList.add('working');
  const word = h('p', { class: 'word small', role: 'status' });
  const sample = h('button', { type: 'button', class: 'button', onclick: trySample }, 'Try it with this one');
  const pick = chooser('Choose a picture', (files) => attempt(files[0]), { multiple: false });
  compare.show({ url: SAMPLE, width: 451, height: 300, label: 'Sample', alt: 'A cat', file: 'sample.jpg' });
  receive({ text: 'One picture, free, without an account', take: (files) => attempt(files[0]) }, signal);

  async function trySample() {
    attempt(new File([await (await fetch(SAMPLE)).blob()], 'sample.jpg', { type: 'image/jpeg' }));
  }

  async function attempt(file) {
    for (const button of [sample, pick.firstChild]) button.disabled = true;
    compare.element.append(progress);
    scrollTo(0, 0); // on a small screen the stage is above what was pressed
    word.textContent = 'Sending';
    try {
      await enhance(file);
    } catch (error) {
      if (!signal.aborted) {
        complain(error);
        word.textContent = '';
      }
    }
    progress.remove();
    for (const button of [sample, pick.firstChild]) button.disabled = false;
  }

  async function enhance(file) {
    const form = new FormData();
    form.append('file', file, file.name || 'pasted.png');
    const { image } = await sendForm('/api/images/anonymous-upload', form, {
      key: newKey(),
      anonymous: true,
      progress: (sent) => setBar(progress, (0.4 * sent) / file.size),
    });
    const original = {
      url: image.url,
      width: image.width,
      height: image.height,
      label: 'Before',
      alt: image.name,
      file: image.name,
    };
    await compare.show(original);
    word.textContent = 'Enhancing';
    // what visitors may have is a blend; a picture blended with itself is that picture
    const blendSource = { base64: await base64(file), mimeType: await sniffed(file) };
    const { jobId } = await post(
      '/api/images/anonymous-enhance',
      { imageId: image.id, blendSource },
      { key: newKey() },
    );
    setBar(progress, 0.6);
    for (let job; !signal.aborted; ) {
      ({ job } = await get(`/api/jobs/${jobId}?wait=20`, { signal }));
      if (job.status === 'COMPLETED') {
        setBar(progress, 1);
        const result = {
          url: job.enhancedUrl,
          width: job.enhancedWidth,
          height: job.enhancedHeight,
          label: 'After',
          alt: `${image.name}, enhanced`,
          file: `${image.name.replace(/\.\w+$/, '')} enhanced.jpg`,
        };
        await compare.show(result, { ...original, alt: '' }, { unveiling: true });
        word.textContent = 'Done. Move the divider; zoom in to the pixels.';
        return;
      }
      if (job.errorMessage)
        throw Object.assign(new Error(job.errorMessage), { status: 0, suggestion: 'Please try another picture' });
    }
  }

  return h(
    'div',
    { class: 'bench welcome' },
    compare.element,
    h(
      'div',
      { class: 'panel' },
      h(
        'div',
        {},
        h('h1', { 'data-title': 'Welcome' }, 'See what your pictures hold'),
        h('p', { class: 'pitch' }, 'Spike enlarges and sharpens photographs, on a server of your own.'),
        h('div', { class: 'acts' }, pick, sample),
        word,
        h(
          'p',
          { class: 'terms' },
          'One picture at a time, free, up to 1024 pixels. It is kept for a week, for whoever knows its address.',
        ),
      ),
      h('section', { class: 'stack' }, h('h2', {}, 'Sign in for 4K, albums and more'), signInForm()),
    ),
  );
}

export function signInForm() {
  const trouble = h('p', { class: 'trouble small', role: 'alert' });
  return h(
    'form',
    {
      class: 'stack tight',
      onsubmit: async (event) => {
        event.preventDefault();
        trouble.textContent = '';
        await signIn(new FormData(event.target).get('link')).catch((error) => {
          trouble.textContent = says(error);
        });
      },
    },
    linkField(),
    trouble,
    h('button', { class: 'button', type: 'submit' }, 'Sign in'),
    whereabouts(),
  );
}

const says = (error) =>
  error.status === 401 ? `This link or key is not valid, or not any more. Request ${error.requestId}` : error.message;
const linkField = () =>
  h(
    'label',
    { class: 'field' },
    h('span', {}, 'Sign-in link or API key'),
    h('input', { name: 'link', type: 'password', autocomplete: 'current-password', required: true }),
  );
const whereabouts = () =>
  h(
    'div',
    { class: 'tiny soft' },
    h('p', {}, 'Spike prints the link when it starts for the first time. Whoever runs it makes another with'),
    h('pre', {}, h('code', {}, 'spike users link you@example.org')),
  );

export function askToSignIn(reason) {
  if (document.querySelector('dialog.sign-in')) return;
  const { dialog } = ask({
    title: 'Sign in',
    content: [reason && h('p', {}, reason), linkField(), whereabouts()],
    action: 'Sign in',
    act: async (form) =>
      signIn(form.get('link')).catch((error) => {
        throw Object.assign(error, error.status === 401 && { message: says(error), suggestion: '', requestId: '' });
      }),
  });
  dialog.classList.add('sign-in');
}
