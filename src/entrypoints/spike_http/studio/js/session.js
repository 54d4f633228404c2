// The session. The token of a sign-in link is exchanged for an HttpOnly cookie.

import { call, get } from './api.js';
import { emit } from './events.js';
import { showToast } from './toasts.js';

let user = null;
export const currentUser = () => user;

export async function restoreSession() {
  try {
    ({ user } = await get('/api/session'));
  } catch (error) {
    if (error.status !== 401) throw error;
    user = null;
    await call('DELETE', '/api/session'); // removes the expired cookie
  }
  return user;
}

// Accepts a sign-in link or its token.
export async function signIn(text) {
  const bearer = text.trim().replace(/^.*#token=/s, '');
  if (!/^[!-~]+$/.test(bearer)) throw new Error('This is not a sign-in link');
  ({ user } = await call('POST', '/api/session', { bearer }));
  emit('signed-in', user);
}

export const signOut = () => endSession('/api/session');
export const signOutEverywhere = () => endSession('/api/session?all=true');

async function endSession(path) {
  const { stillSignedIn } = await call('DELETE', path);
  if (stillSignedIn) {
    await restoreSession(); // it may be another user's
    emit('signed-in', user);
    showToast('Another app on this domain still signs you in, and Spike can’t end that. Sign out there, too.');
    return;
  }
  user = null;
  emit('signed-out');
}

// Returns the token of a sign-in link, and removes it from the address bar and the history.
export function takeTokenFromAddress() {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token) history.replaceState(null, '', location.pathname + location.search);
  return token;
}
