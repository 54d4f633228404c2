// Renders the view for the fragment of the address. A view gets its parameters, and a signal that is aborted when it is left.

import { h, replaceContent } from './dom.js';
import { showError } from './toasts.js';

const main = document.getElementById('main');
let controller = new AbortController();
let routes = [];

export const navigate = (hash) => {
  location.hash = hash;
};

export function startRouter(table) {
  routes = table.map(([pattern, view]) => [new RegExp(`^#${pattern.replace(/:(\w+)/g, '(?<$1>[\\w-]+)')}\\??$`), view]);
  window.addEventListener('hashchange', () => renderRoute(true));
  renderRoute(false);
}

export async function renderRoute(isNavigation) {
  controller.abort();
  controller = new AbortController();
  const { signal } = controller;
  const address = location.hash || '#/';
  const [match, view] = routes.map(([pattern, each]) => [pattern.exec(address), each]).find(([found]) => found) ?? [];
  try {
    const content = match ? await view(match.groups ?? {}, signal) : errorPage('Page not found');
    if (!signal.aborted) display(content, isNavigation);
  } catch (error) {
    if (signal.aborted) return;
    display(errorPage(error.status === 404 ? 'This was deleted or never existed' : error.message, error), isNavigation);
    if (error.status !== 401 && error.status !== 404) showError(error);
  }
}

function display(content, isNavigation) {
  replaceContent(main, content);
  const heading = main.querySelector('h1');
  document.title = heading ? `${heading.dataset.title ?? heading.textContent} · Spike` : 'Spike';
  for (const link of document.querySelectorAll('.nav a')) {
    const target = link.getAttribute('href');
    const isCurrent = target === '#/' ? /^#?\/?$|^#\/picture/.test(location.hash) : location.hash.startsWith(target);
    isCurrent ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current');
  }
  if (!isNavigation) return;
  window.scrollTo(0, 0);
  heading?.setAttribute('tabindex', '-1');
  heading?.focus({ preventScroll: true });
}

const errorPage = (text, error) =>
  h(
    'div',
    { class: 'empty' },
    h('h1', {}, text),
    error?.suggestion && h('p', { class: 'muted' }, error.suggestion),
    error?.requestId && h('p', { class: 'muted tiny' }, `Request ${error.requestId}`),
    h('a', { class: 'button', href: '#/' }, 'Go to the start page'),
  );
