// Renders the view for the fragment of the address. A view gets its parameters, among them `query`, and a signal that is aborted
// when it is left. The history's state of each entry holds where the page was scrolled to, and which picture was opened.

import { absoluteUrl } from './api.js';
import { h, replaceContent } from './dom.js';
import { showError } from './toasts.js';

const main = document.getElementById('main');
let controller = new AbortController();
let routes = [];

export const navigate = (hash) => {
  location.hash = hash;
};

export function startRouter(table) {
  routes = table.map(([pattern, view]) => [new RegExp(`^#${pattern.replace(/:(\w+)/g, '(?<$1>[\\w-]+)')}$`), view]);
  history.scrollRestoration = 'manual'; // the browser would do it before there is anything to scroll
  addEventListener('hashchange', () => renderRoute(true));
  addEventListener(
    'scroll',
    () => {
      clearTimeout(scrollTimer);
      scrollTimer = setTimeout(rememberScroll, 120);
    },
    { passive: true },
  );
  addEventListener('pagehide', rememberScroll);
  renderRoute(false);
}
let scrollTimer;
let shownAddress; // whose scroll position is remembered

function rememberScroll() {
  if (location.href === shownAddress) history.replaceState({ ...history.state, scroll: scrollY }, '');
}

// Changes the query of the current address without rendering the view anew: Back leaves the page, a reload keeps the query.
export function replaceQuery(values) {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
  const [path] = (location.hash || '#/').split('?');
  history.replaceState({ ...history.state, scroll: 0 }, '', `${path}${query.size ? `?${query}` : ''}`);
  shownAddress = location.href;
}

export async function renderRoute(isNavigation) {
  controller.abort();
  controller = new AbortController();
  const { signal } = controller;
  const [address, search] = (location.hash || '#/').split('?');
  const query = new URLSearchParams(search);
  const [match, view] = routes.map(([pattern, each]) => [pattern.exec(address), each]).find(([found]) => found) ?? [];
  try {
    const content = match ? await view({ ...match.groups, query }, signal) : errorPage('Page not found');
    if (!signal.aborted) display(content, isNavigation);
  } catch (error) {
    if (signal.aborted) return;
    display(error.status === 404 ? missingPage(error) : errorPage(error.message, error), isNavigation);
    if (error.status !== 401 && error.status !== 404) showError(error);
  }
}

function display(content, isNavigation) {
  replaceContent(main, content);
  shownAddress = location.href;
  const heading = main.querySelector('h1');
  document.title = heading ? `${heading.dataset.title ?? heading.textContent} · Spike` : 'Spike';
  for (const link of document.querySelectorAll('.nav a')) {
    const target = link.getAttribute('href');
    const isCurrent =
      target === '#/' ? /^#?\/?(\?.*)?$|^#\/picture/.test(location.hash) : location.hash.startsWith(target);
    isCurrent ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current');
  }
  const { scroll = 0, opened } = history.state ?? {};
  main.dispatchEvent(new CustomEvent('displayed', { detail: { opened: isNavigation ? opened : undefined } }));
  if (scroll || isNavigation) scrollTo(0, scroll);
  if (!isNavigation || main.contains(document.activeElement)) return;
  heading?.setAttribute('tabindex', '-1');
  heading?.focus({ preventScroll: true });
}

const missingPage = ({ requestId }) =>
  errorPage('This was deleted or never existed', {
    suggestion: 'Check the link. If it was shared with you, ask for a new one.',
    requestId,
  });
const errorPage = (text, error) =>
  h(
    'div',
    { class: 'empty' },
    h('h1', {}, text),
    error?.suggestion && h('p', { class: 'muted' }, error.suggestion),
    error?.requestId && h('p', { class: 'muted tiny' }, `Request ${error.requestId}`),
    h('a', { class: 'button', href: absoluteUrl('/#/') }, 'Go to the start page'),
  );
