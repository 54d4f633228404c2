// Signing in and out. The token of the printed link is exchanged for a cookie that no script can read.

import { call, get } from './api.js';
import { emit } from './bus.js';

let user = null;
export const who = () => user;

export async function whoIsIt() {
  try {
    ({ user } = await get('/api/session'));
  } catch (error) {
    if (error.status !== 401) throw error;
    user = null;
    await call('DELETE', '/api/session'); // takes the expired cookie away
  }
  return user;
}

// A link, or only the token or API key in it, as people paste it.
export async function signIn(text) {
  const bearer = text.trim().replace(/^.*#token=/s, '');
  if (!/^[!-~]+$/.test(bearer)) throw new Error('This is not a sign-in link');
  ({ user } = await call('POST', '/api/session', { bearer }));
  emit('signed-in', user);
}

export async function signOut() {
  await call('DELETE', '/api/session');
  user = null;
  emit('signed-out');
}

// The address bar and the history don't keep the token, whatever comes of it.
export function takeTokenFromAddress() {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token) history.replaceState(null, '', location.pathname + location.search);
  return token;
}
