// The page's address behind # decides what is shown. A view is a function of its parameters and of a signal that ends with it.

import { fill, h } from './dom.js';
import { complain } from './notices.js';

const main = document.getElementById('main');
let current = new AbortController();
let routes = [];

export const go = (hash) => {
  location.hash = hash;
};

export function start(table) {
  routes = table.map(([pattern, view]) => [new RegExp(`^#${pattern.replace(/:(\w+)/g, '(?<$1>[\\w-]+)')}\\??$`), view]);
  window.addEventListener('hashchange', () => show(true));
  show(false);
}

export async function show(moved) {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  const address = location.hash || '#/';
  const [match, view] = routes.map(([pattern, each]) => [pattern.exec(address), each]).find(([found]) => found) ?? [];
  try {
    const shown = match ? await view(match.groups ?? {}, signal) : missing('There is no such page');
    if (!signal.aborted) display(shown, moved);
  } catch (error) {
    if (signal.aborted) return;
    display(missing(error.status === 404 ? 'This is gone, or never was' : error.message, error), moved);
    if (error.status !== 401 && error.status !== 404) complain(error);
  }
}

function display(shown, moved) {
  fill(main, shown);
  const heading = main.querySelector('h1');
  document.title = heading ? `${heading.dataset.title ?? heading.textContent} · Spike` : 'Spike';
  for (const link of document.querySelectorAll('.nav a')) {
    const target = link.getAttribute('href');
    const isHere = target === '#/' ? /^#?\/?$|^#\/picture/.test(location.hash) : location.hash.startsWith(target);
    isHere ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current');
  }
  if (!moved) return;
  window.scrollTo(0, 0);
  heading?.setAttribute('tabindex', '-1');
  heading?.focus({ preventScroll: true });
}

const missing = (text, error) =>
  h(
    'div',
    { class: 'empty' },
    h('h1', {}, text),
    error?.suggestion && h('p', { class: 'soft' }, error.suggestion),
    error?.requestId && h('p', { class: 'soft tiny' }, `Request ${error.requestId}`),
    h('a', { class: 'button', href: '#/' }, 'To the start'),
  );
