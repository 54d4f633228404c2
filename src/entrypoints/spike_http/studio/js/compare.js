// The comparison of two pictures: one over the other with a divider between them, or side by side. Both zoom and pan together.

import { h, icon, iconButton, setVariables } from './dom.js';
import { centered, clamped, dividerShare, dividerX, fitScale, zoomAround } from './geometry.js';
import { listenForGestures } from './gestures.js';
import { formatSize } from './tiers.js';

const SCALE_MAX = 16; // device pixels per pixel of the picture
const PIXELATED_FROM = 3; // from this scale on, the browser doesn't interpolate between pixels
const ZOOM_STEP = 1.4;
const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

export function imageComparison(signal) {
  let before;
  let after;
  let placement;
  let mode = 'split';
  let dividerPosition = 0.5;
  let isFitted = true;
  let dragging; // 'divider' or 'picture', while a pointer drags it
  let animation = 0; // the request of the next animation frame
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
  const viewport = h(
    'div',
    {
      class: 'viewport',
      tabindex: 0,
      role: 'group',
      'aria-label': 'Picture. Plus and minus zoom, 0 fits it to the view, 1 shows actual pixels, arrow keys move it.',
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
    { class: 'button compact primary align-end', 'aria-label': 'Download', download: '', hidden: true },
    icon('down'),
    h('span', {}, 'Download'),
  );
  const toolbar = h(
    'div',
    { class: 'toolbar' },
    iconButton('minus', 'Zoom out', () => zoomBy(1 / ZOOM_STEP)),
    zoom,
    iconButton('plus', 'Zoom in', () => zoomBy(ZOOM_STEP)),
    h('button', { type: 'button', class: 'button compact quiet', onclick: () => fit() }, 'Fit'),
    h(
      'button',
      {
        type: 'button',
        class: 'button compact quiet',
        title: 'Actual pixels: one pixel of the picture per pixel of the screen',
        onclick: () => zoomToPixels(),
      },
      'Pixels',
    ),
    modes,
    download,
  );
  const element = h('div', { class: 'compare blank' }, viewport, toolbar);

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
  const paneSize = () => {
    const { width, height } = viewport.getBoundingClientRect();
    return { width: mode === 'side' && before ? width / 2 : width, height };
  };
  const scaleMin = () => Math.min(fitScale(paneSize(), after), 1 / devicePixelRatio);
  const bounds = () => ({ min: scaleMin(), max: SCALE_MAX / devicePixelRatio });

  function fit() {
    if (!after) return;
    isFitted = true;
    placement = centered(paneSize(), after, fitScale(paneSize(), after));
    render();
  }
  function zoomTo(next) {
    placement = clamped(next, paneSize(), after);
    isFitted = placement.scale <= fitScale(paneSize(), after) * 1.001;
    render();
  }
  const center = () => ({ x: paneSize().width / 2, y: paneSize().height / 2 });
  const toPanePoint = (point) =>
    mode === 'side' && point.x > paneSize().width ? { ...point, x: point.x - paneSize().width } : point;
  const zoomBy = (factor, point = center()) =>
    after && zoomTo(zoomAround(placement, factor, toPanePoint(point), bounds()));
  const zoomToPixels = (point = center()) => after && zoomBy(1 / devicePixelRatio / placement.scale, point);
  const panBy = (x, y) => zoomTo({ ...placement, x: placement.x + x, y: placement.y + y });
  const moveDivider = (value) => {
    dividerPosition = Math.min(1, Math.max(0, value));
    render();
  };

  function render() {
    if (!after || !placement) return;
    const isSingle = !before;
    const devicePixels = placement.scale * devicePixelRatio;
    element.className = [
      'compare',
      isSingle ? 'single' : mode,
      isFitted ? '' : 'zoomed',
      devicePixels >= PIXELATED_FROM ? 'pixels' : '',
      dragging ? 'dragging' : '',
    ].join(' ');
    const x = dividerX(dividerPosition, placement, paneSize(), after);
    setVariables(viewport, {
      width: `${after.width * placement.scale}px`,
      height: `${after.height * placement.scale}px`,
      x: `${placement.x}px`,
      y: `${placement.y}px`,
      'divider-x': `${x}px`,
    });
    zoom.textContent = `${Math.round(devicePixels * 100)} %`;
    const percent = Math.round(dividerPosition * 100);
    divider.setAttribute('aria-valuenow', percent);
    divider.setAttribute('aria-valuetext', `${percent} % before, ${100 - percent} % after`);
    const isSplit = mode === 'split' && !isSingle;
    tagBefore.classList.toggle('faded', isSplit && x < tagBefore.offsetWidth + 24);
    tagAfter.classList.toggle('faded', isSplit && paneSize().width - x < tagAfter.offsetWidth + 24);
    modes.hidden = isSingle;
    for (const button of modes.children) button.setAttribute('aria-pressed', button.dataset.mode === mode);
  }

  listenForGestures(
    viewport,
    {
      onPress(point, target) {
        cancelAnimationFrame(animation);
        dragging = before && mode === 'split' && (target === divider || isFitted) ? 'divider' : 'picture';
        if (dragging === 'divider') moveDivider(dividerShare(point.x, placement, paneSize(), after));
        if (target === divider) divider.focus({ preventScroll: true });
      },
      onDrag(point, by) {
        if (dragging === 'divider') moveDivider(dividerShare(point.x, placement, paneSize(), after));
        else if (!isFitted) panBy(by.x, by.y);
      },
      onPinch(factor, point, by) {
        dragging = 'picture';
        zoomBy(factor, point);
        panBy(by.x, by.y);
      },
      onRelease() {
        dragging = undefined;
        render();
      },
      onWheel: (factor, point) => zoomBy(factor, point),
      onDoubleTap: (point) => (isFitted ? zoomToPixels(point) : fit()),
    },
    signal,
  );

  element.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !after || event.target.closest('.toolbar')) return;
    const step = event.shiftKey ? 0.1 : 0.02;
    const movesDivider = event.target === divider || (isFitted && before && mode === 'split');
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const actions = {
      '+': () => zoomBy(ZOOM_STEP),
      '=': () => zoomBy(ZOOM_STEP),
      '-': () => zoomBy(1 / ZOOM_STEP),
      0: fit,
      1: () => zoomToPixels(),
      ...(movesDivider && {
        Home: () => moveDivider(0),
        End: () => moveDivider(1),
        PageUp: () => moveDivider(dividerPosition + 0.1),
        PageDown: () => moveDivider(dividerPosition - 0.1),
      }),
    };
    const action = direction
      ? () =>
          movesDivider
            ? moveDivider(dividerPosition + (direction[0] || -direction[1]) * step)
            : panBy(direction[0] * -60, direction[1] * -60)
      : actions[event.key];
    if (!action) return;
    event.preventDefault();
    cancelAnimationFrame(animation);
    action();
  });

  const resizeObserver = new ResizeObserver(() => after && (isFitted || !placement ? fit() : zoomTo(placement)));
  resizeObserver.observe(viewport);
  signal.addEventListener('abort', () => resizeObserver.disconnect());

  // moves the divider from the right edge to the middle
  function revealResult() {
    if (reducedMotion.matches || mode !== 'split') return moveDivider(0.5);
    const started = performance.now();
    const frame = (now) => {
      const elapsed = Math.min(1, (now - started) / 1100);
      moveDivider(1 - 0.5 * (1 - (1 - elapsed) ** 4));
      if (elapsed < 1 && !signal.aborted) animation = requestAnimationFrame(frame);
    };
    animation = requestAnimationFrame(frame);
  }

  let lastRequest = 0;
  // Shows one picture, or two to compare; each is {url, width, height, label, alt, file}. `isSizeUnknown` leaves out the size.
  async function show(nextAfter, nextBefore, { reveal = false } = {}) {
    const request = ++lastRequest;
    const load = async (picture) => {
      if (!picture) return false;
      const image = new Image();
      image.src = picture.url;
      return image.decode().then(
        () => true,
        () => false,
      );
    };
    const [, hasBefore] = await Promise.all([load(nextAfter), load(nextBefore)]);
    if (request !== lastRequest || signal.aborted) return;
    const isSameShape =
      after && after.width === nextAfter.width && after.height === nextAfter.height && Boolean(before) === hasBefore;
    after = nextAfter;
    before = hasBefore ? nextBefore : undefined; // most browsers can't decode TIFF and HEIC
    for (const [image, picture, tag] of [
      [afterImage, after, tagAfter],
      [beforeImage, before, tagBefore],
    ]) {
      if (!picture) continue;
      image.src = picture.url;
      image.alt = picture.alt;
      tag.replaceChildren(
        h('b', {}, picture.label),
        picture.isSizeUnknown ? '' : ` ${formatSize(picture.width, picture.height)}`,
      );
    }
    download.hidden = false;
    download.href = after.url;
    download.setAttribute('download', after.file);
    isSameShape ? render() : fit();
    if (reveal && before) revealResult();
  }
  // The URLs of what is shown, renewed: the pictures are loaded already, the download begins later.
  function renewDownload(url) {
    if (after) download.href = after.url = url;
  }
  return { element, show, renewDownload };
}
