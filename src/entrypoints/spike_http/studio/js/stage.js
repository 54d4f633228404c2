// Two pictures of the same thing, one over the other with a divider between, or side by side; both zoom and move as one.

import { h, icon, iconButton, vars } from './dom.js';
import { centred, cutAt, fitScale, kept, shareAt, zoomed } from './geometry.js';
import { gestures } from './gestures.js';
import { times } from './tiers.js';

const MOST = 16; // device pixels for a pixel of the picture
const PIXELS_FROM = 3; // from this scale on, pixels are shown as squares
const STEP = 1.4;
const calm = matchMedia('(prefers-reduced-motion: reduce)');

export function stage(signal) {
  let before,
    after,
    lie,
    mode = 'split',
    share = 0.5,
    fits = true,
    grabbed,
    turn = 0;
  const beforeImage = h('img', { alt: '', draggable: 'false' });
  const afterImage = h('img', { alt: '', draggable: 'false' });
  const tagBefore = h('div', { class: 'tag before' });
  const tagAfter = h('div', { class: 'tag after' });
  const divider = h('div', {
    class: 'divider',
    role: 'slider',
    tabindex: 0,
    'aria-label': 'Divider between before and after',
    'aria-valuemin': 0,
    'aria-valuemax': 100,
    'aria-valuenow': 50,
  });
  const view = h(
    'div',
    {
      class: 'view',
      tabindex: 0,
      role: 'group',
      'aria-label': 'Picture. Plus and minus zoom, 0 fits, 1 shows pixels, arrows move.',
    },
    h('div', { class: 'pane after' }, afterImage),
    h('div', { class: 'pane before' }, beforeImage),
    divider,
    tagBefore,
    tagAfter,
  );
  const zoom = h('output', { class: 'zoom', 'aria-label': 'Zoom' });
  const modes = h('div', { class: 'row' }, modeButton('split', 'Divider'), modeButton('side', 'Side by side'));
  const download = h(
    'a',
    { class: 'button slim main push', 'aria-label': 'Download', download: '', hidden: true },
    icon('down'),
    h('span', {}, 'Download'),
  );
  const tools = h(
    'div',
    { class: 'tools' },
    iconButton('minus', 'Zoom out', () => zoomBy(1 / STEP)),
    zoom,
    iconButton('plus', 'Zoom in', () => zoomBy(STEP)),
    h('button', { type: 'button', class: 'button slim quiet', onclick: () => fit() }, 'Fit'),
    h(
      'button',
      {
        type: 'button',
        class: 'button slim quiet',
        title: 'One pixel of the picture for one of the screen',
        onclick: () => toPixels(),
      },
      'Pixels',
    ),
    modes,
    download,
  );
  const element = h('div', { class: 'stage blank' }, view, tools);

  function modeButton(name, label) {
    return iconButton(
      name,
      label,
      () => {
        mode = name;
        fit();
      },
      { 'data-mode': name },
    );
  }
  const room = () => {
    const { width, height } = view.getBoundingClientRect();
    return { width: mode === 'side' && before ? width / 2 : width, height };
  };
  const least = () => Math.min(fitScale(room(), after), 1 / devicePixelRatio);
  const bounds = () => ({ least: least(), most: MOST / devicePixelRatio });

  function fit() {
    if (!after) return;
    fits = true;
    lie = centred(room(), after, fitScale(room(), after));
    draw();
  }
  function zoomTo(next) {
    lie = kept(next, room(), after);
    fits = lie.scale <= fitScale(room(), after) * 1.001;
    draw();
  }
  const middle = () => ({ x: room().width / 2, y: room().height / 2 });
  const within = (point) =>
    mode === 'side' && point.x > room().width ? { ...point, x: point.x - room().width } : point;
  const zoomBy = (factor, point = middle()) => after && zoomTo(zoomed(lie, factor, within(point), bounds()));
  const toPixels = (point = middle()) => after && zoomBy(1 / devicePixelRatio / lie.scale, point);
  const panBy = (x, y) => zoomTo({ ...lie, x: lie.x + x, y: lie.y + y });
  const cutTo = (value) => {
    share = Math.min(1, Math.max(0, value));
    draw();
  };

  function draw() {
    if (!after || !lie) return;
    const single = !before;
    const dots = lie.scale * devicePixelRatio;
    element.className = [
      'stage',
      single ? 'single' : mode,
      fits ? '' : 'zoomed',
      dots >= PIXELS_FROM ? 'pixels' : '',
      grabbed ? 'held' : '',
    ].join(' ');
    const cut = cutAt(share, lie, room(), after);
    vars(view, {
      w: `${after.width * lie.scale}px`,
      h: `${after.height * lie.scale}px`,
      x: `${lie.x}px`,
      y: `${lie.y}px`,
      cut: `${cut}px`,
    });
    zoom.textContent = `${Math.round(dots * 100)} %`;
    const percent = Math.round(share * 100);
    divider.setAttribute('aria-valuenow', percent);
    divider.setAttribute('aria-valuetext', `${percent} % before, ${100 - percent} % after`);
    const isSplit = mode === 'split' && !single;
    tagBefore.classList.toggle('gone', isSplit && cut < tagBefore.offsetWidth + 24);
    tagAfter.classList.toggle('gone', isSplit && room().width - cut < tagAfter.offsetWidth + 24);
    modes.hidden = single;
    for (const button of modes.children) button.setAttribute('aria-pressed', button.dataset.mode === mode);
  }

  gestures(
    view,
    {
      grab(point, target) {
        cancelAnimationFrame(turn);
        grabbed = before && mode === 'split' && (target === divider || fits) ? 'cut' : 'picture';
        if (grabbed === 'cut') cutTo(shareAt(point.x, lie, room(), after));
        if (target === divider) divider.focus({ preventScroll: true });
      },
      drag(point, by) {
        if (grabbed === 'cut') cutTo(shareAt(point.x, lie, room(), after));
        else if (!fits) panBy(by.x, by.y);
      },
      pinch(factor, point, by) {
        grabbed = 'picture';
        zoomBy(factor, point);
        panBy(by.x, by.y);
      },
      end() {
        grabbed = undefined;
        draw();
      },
      wheel: (factor, point) => zoomBy(factor, point),
      twice: (point) => (fits ? toPixels(point) : fit()),
    },
    signal,
  );

  element.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !after || event.target.closest('.tools')) return;
    const step = event.shiftKey ? 0.1 : 0.02;
    const cuts = event.target === divider || (fits && before && mode === 'split');
    const sides = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const acts = {
      '+': () => zoomBy(STEP),
      '=': () => zoomBy(STEP),
      '-': () => zoomBy(1 / STEP),
      0: fit,
      1: () => toPixels(),
      ...(cuts && {
        Home: () => cutTo(0),
        End: () => cutTo(1),
        PageUp: () => cutTo(share + 0.1),
        PageDown: () => cutTo(share - 0.1),
      }),
    };
    const act = sides
      ? () => (cuts ? cutTo(share + (sides[0] || -sides[1]) * step) : panBy(sides[0] * -60, sides[1] * -60))
      : acts[event.key];
    if (!act) return;
    event.preventDefault();
    cancelAnimationFrame(turn);
    act();
  });

  const watcher = new ResizeObserver(() => after && (fits || !lie ? fit() : zoomTo(lie)));
  watcher.observe(view);
  signal.addEventListener('abort', () => watcher.disconnect());

  // the result appears from right to left, up to the middle
  function unveil() {
    if (calm.matches || mode !== 'split') return cutTo(0.5);
    const began = performance.now();
    const frame = (now) => {
      const part = Math.min(1, (now - began) / 1100);
      cutTo(1 - 0.5 * (1 - (1 - part) ** 4));
      if (part < 1 && !signal.aborted) turn = requestAnimationFrame(frame);
    };
    turn = requestAnimationFrame(frame);
  }

  let asked = 0;
  // Shows `after`, and `before` under the divider where there is one: {url, width, height, label, alt, file}.
  async function show(nextAfter, nextBefore, { unveiling = false } = {}) {
    const mine = ++asked;
    const load = async (picture) => {
      if (!picture) return false;
      const image = new Image();
      image.src = picture.url;
      return image.decode().then(
        () => true,
        () => false,
      );
    };
    const [, isSeen] = await Promise.all([load(nextAfter), load(nextBefore)]);
    if (mine !== asked || signal.aborted) return;
    const sameShape =
      after && after.width === nextAfter.width && after.height === nextAfter.height && Boolean(before) === isSeen;
    after = nextAfter;
    before = isSeen ? nextBefore : undefined; // a TIFF or HEIC isn't shown where the browser can't decode it
    for (const [image, picture, tag] of [
      [afterImage, after, tagAfter],
      [beforeImage, before, tagBefore],
    ]) {
      if (!picture) continue;
      image.src = picture.url;
      image.alt = picture.alt;
      tag.replaceChildren(
        h('b', {}, picture.label),
        ` ${times(picture.realWidth ?? picture.width, picture.realHeight ?? picture.height)}`,
      );
    }
    download.hidden = false;
    download.href = after.url;
    download.setAttribute('download', after.file);
    sameShape ? draw() : fit();
    if (unveiling && before) unveil();
  }
  return { element, show };
}
