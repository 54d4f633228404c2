// Starts the studio: restores the session, renders the header, and maps addresses to views.

import { albumView } from './album.js';
import { albumsView } from './albums.js';
import { absoluteUrl } from './api.js';
import { h, iconButton, replaceContent } from './dom.js';
import { startDropzone } from './dropzone.js';
import { emit, on } from './events.js';
import { landingView } from './landing.js';
import { libraryView } from './library.js';
import { jobView, pictureView } from './picture.js';
import { navigate, renderRoute, startRouter } from './router.js';
import { currentUser, restoreSession, signIn, signOut, takeTokenFromAddress } from './session.js';
import { sharedView, sharedViewOf } from './shared.js';
import { openSignInDialog } from './sign_in.js';
import { loadTiers } from './tiers.js';
import { showError, showToast } from './toasts.js';
import './upload_panel.js';
import { resumeUploads } from './uploads.js';
import { balance, refreshWallet } from './wallet.js';

// not where people start, so their modules are loaded when they are opened
const accountView = async () => (await import('./account.js')).accountView();
const tokensView = async (...given) => (await import('./tokens.js')).tokensView(...given);
const createView = async (...given) => (await import('./create.js')).createView(...given);
const creationView = async (...given) => (await import('./create.js')).creationView(...given);

const orLanding = (view) => (parameters, signal) =>
  currentUser() ? view(parameters, signal) : landingView(parameters, signal);

let headerController = new AbortController(); // aborts the listeners of the current header

function renderHeader() {
  headerController.abort();
  headerController = new AbortController();
  const nav = document.getElementById('nav');
  const actions = document.getElementById('header-actions');
  if (!currentUser() || sharedViewOf(location)) nav.replaceChildren();
  if (!currentUser()) {
    return replaceContent(
      actions,
      h('button', { type: 'button', class: 'button compact', onclick: () => openSignInDialog() }, 'Sign in'),
    );
  }
  const balanceText = h('span', {}, balance());
  on(
    'wallet',
    (wallet) => {
      balanceText.textContent = wallet.balance ?? '';
    },
    headerController.signal,
  );
  if (!sharedViewOf(location))
    replaceContent(
      nav,
      [
        ['#/', 'Library'],
        ['#/albums', 'Albums'],
        ['#/create', 'Create'],
      ].map(([href, text]) => h('a', { href }, text)),
    );
  return replaceContent(
    actions,
    h(
      'a',
      { class: 'balance', href: '#/tokens' },
      h('span', { class: 'coin' }),
      balanceText,
      h('span', { class: 'visually-hidden' }, 'tokens'),
    ),
    iconButton('leave', 'Sign out', () => signOut().catch(showError)),
  );
}

async function start() {
  if (sharedViewOf(location)) document.querySelector('.wordmark').href = absoluteUrl('/#/');
  const token = takeTokenFromAddress();
  let failure;
  try {
    if (token) await signIn(token);
    else await restoreSession();
  } catch (error) {
    if (token && error.status === 401) error.message = 'This sign-in link is invalid or has expired';
    failure = error;
  }
  try {
    await Promise.all([loadTiers(), currentUser() && refreshWallet()]);
  } catch (error) {
    failure ??= error;
  }
  if (failure) showError(failure);
  renderHeader();
  const shared = sharedViewOf(location);
  startRouter([
    ['/', shared ?? orLanding(libraryView)],
    ['/picture/:id', orLanding(pictureView)],
    ['/job/:id', orLanding(jobView)],
    ['/albums', orLanding(albumsView)],
    ['/albums/:id', orLanding(albumView)],
    ['/shared/:id/:token', sharedView],
    ['/shared/:id', sharedView],
    ['/create', orLanding(createView)],
    ['/creation/:id', orLanding(creationView)],
    ['/tokens', orLanding(tokensView)],
    ['/account', orLanding(accountView)],
    ['', orLanding(libraryView)],
  ]);
}

on('signed-in', () => {
  if (document.querySelector('.header-actions *'))
    Promise.all([loadTiers(), refreshWallet()]).then(() => {
      renderHeader();
      renderRoute(false);
    }, showError);
});
on('signed-out', () => {
  renderHeader();
  navigate('#/');
  renderRoute(false);
  showToast('You are signed out');
});
on('session-expired', () => currentUser() && openSignInDialog('Your session has ended. Sign in again to continue.'));
document.getElementById('skip').addEventListener('click', () => document.querySelector('main').focus());
addEventListener('unhandledrejection', (event) => showError(event.reason));
// a sign-in link opened in a tab that already shows the studio changes the fragment only
addEventListener('hashchange', () => {
  const token = takeTokenFromAddress();
  if (token) signIn(token).then(() => renderRoute(true), showError);
});
startDropzone();
emit('uploads');
start().then(() => currentUser() && resumeUploads());
