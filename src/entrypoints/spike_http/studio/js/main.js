// Starts the studio: who is it, what stands at the top, which address shows what.

import { albumView } from './album.js';
import { albumsView, sharedView } from './albums.js';
import { emit, on } from './bus.js';
import { createView, creationView } from './create.js';
import { fill, h, iconButton } from './dom.js';
import { libraryView } from './library.js';
import { complain, say } from './notices.js';
import { jobView, pictureView } from './picture.js';
import { tokensView } from './purse.js';
import * as receiving from './receiving.js';
import * as router from './router.js';
import { signIn, signOut, takeTokenFromAddress, who, whoIsIt } from './session.js';
import { askToSignIn, welcomeView } from './welcome.js';
import './tray.js';
import * as wallet from './wallet.js';

const members = (view) => (parameters, signal) => (who() ? view(parameters, signal) : welcomeView(parameters, signal));

let listening = new AbortController(); // of the listeners of what stands at the top now

function drawTop() {
  listening.abort();
  listening = new AbortController();
  const nav = document.getElementById('nav');
  const corner = document.getElementById('corner');
  if (!who()) {
    nav.replaceChildren();
    return fill(corner, h('button', { type: 'button', class: 'button slim', onclick: () => askToSignIn() }, 'Sign in'));
  }
  const count = h('span', {}, wallet.balance());
  on(
    'wallet',
    ({ balance }) => {
      count.textContent = balance ?? '';
    },
    listening.signal,
  );
  fill(
    nav,
    [
      ['#/', 'Library'],
      ['#/albums', 'Albums'],
      ['#/create', 'Create'],
    ].map(([href, text]) => h('a', { href }, text)),
  );
  return fill(
    corner,
    h(
      'a',
      { class: 'purse', href: '#/tokens' },
      h('span', { class: 'coin' }),
      count,
      h('span', { class: 'unseen' }, 'tokens'),
    ),
    iconButton('leave', 'Sign out', () => signOut().catch(complain)),
  );
}

async function begin() {
  const token = takeTokenFromAddress();
  try {
    if (token) await signIn(token);
    else await whoIsIt();
    if (who()) await wallet.refresh();
  } catch (error) {
    if (token && error.status === 401) error.message = 'This sign-in link is not valid any more';
    complain(error);
  }
  drawTop();
  router.start([
    ['/', members(libraryView)],
    ['/picture/:id', members(pictureView)],
    ['/job/:id', members(jobView)],
    ['/albums', members(albumsView)],
    ['/albums/:id', members(albumView)],
    ['/shared/:id/:token', sharedView],
    ['/shared/:id', sharedView],
    ['/create', members(createView)],
    ['/creation/:id', members(creationView)],
    ['/tokens', members(tokensView)],
    ['', members(libraryView)],
  ]);
}

on('signed-in', () => {
  if (document.querySelector('.corner *'))
    wallet.refresh().then(() => {
      drawTop();
      router.show(false);
    }, complain);
});
on('signed-out', () => {
  drawTop();
  router.go('#/');
  router.show(false);
  say('You are signed out');
});
on('expired', () => who() && askToSignIn('Your session has ended. Sign in again to go on.'));
document.getElementById('skip').addEventListener('click', () => document.querySelector('main').focus());
addEventListener('unhandledrejection', (event) => complain(event.reason));
// a link pasted into the bar of a page that is open already
addEventListener('hashchange', () => {
  const token = takeTokenFromAddress();
  if (token) signIn(token).then(() => router.show(true), complain);
});
receiving.start();
emit('uploads');
begin();
