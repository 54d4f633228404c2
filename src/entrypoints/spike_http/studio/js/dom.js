// Elements: h('p', {class: 'muted'}, 'text'). Strings become text nodes and are never parsed as markup.

const PROPERTIES = new Set(['checked', 'disabled', 'value', 'hidden', 'indeterminate']);

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'vars') setVariables(element, value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  return append(element, ...children);
}

export function append(element, ...children) {
  element.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return element;
}

export function replaceContent(element, ...children) {
  element.replaceChildren();
  return append(element, ...children);
}

// the Content-Security-Policy forbids style attributes, so values reach the style sheets as custom properties
export function setVariables(element, values) {
  for (const [name, value] of Object.entries(values)) element.style.setProperty(`--${name}`, value);
}

const ICON_PATHS = {
  close: 'M6 6l12 12M18 6 6 18',
  down: 'M12 4v11m-5-4 5 5 5-5M5 20h14',
  up: 'M12 16V5m-5 4 5-5 5 5M5 20h14',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  left: 'M14 6l-6 6 6 6',
  right: 'M10 6l6 6-6 6',
  fit: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  split: 'M4 5h16v14H4zM12 2v20',
  side: 'M3 5h8v14H3zM13 5h8v14h-8z',
  leave: 'M14 4h6v16h-6M3 12h12m-4-4 4 4-4 4',
};

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', ICON_PATHS[name]);
  svg.append(path);
  return svg;
}

export const iconButton = (name, label, onclick, props = {}) =>
  h(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick, ...props },
    icon(name),
  );

export const progressBar = (label) =>
  h(
    'div',
    {
      class: 'progress',
      role: 'progressbar',
      'aria-label': label,
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-valuenow': 0,
    },
    h('i'),
  );

export function setProgress(element, fraction) {
  setVariables(element, { progress: fraction });
  element.setAttribute('aria-valuenow', Math.round(fraction * 100));
}
