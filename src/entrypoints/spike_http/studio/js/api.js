// The public REST API, as any other client sees it.

import { emit } from './bus.js';

// Where the service is: this file is {base}/studio/{version}/js/api.js, and a proxy may have put a path in front.
const ROOT = new URL('../../../', import.meta.url);
export const at = (path) => new URL(path.slice(1), ROOT).href;

export class ApiError extends Error {
  constructor(status, body, requestId) {
    super(body.error ?? 'Something went wrong');
    Object.assign(this, { status, suggestion: '', code: '', requestId }, body);
  }
}

export const unreachable = () =>
  new ApiError(
    0,
    {
      error: "The server doesn't answer",
      suggestion: 'Please check the connection and try again',
      code: 'UNREACHABLE',
    },
    '',
  );

export async function call(method, path, { body, key, bearer, headers = {}, signal, raw } = {}) {
  const sent = { Accept: 'application/json', ...headers };
  if (body !== undefined) sent['Content-Type'] = 'application/json';
  if (key) sent['Idempotency-Key'] = key;
  if (bearer) sent.Authorization = `Bearer ${bearer}`;
  let response;
  try {
    response = await fetch(at(path), {
      method,
      headers: sent,
      body: body && JSON.stringify(body),
      signal,
      cache: 'no-store',
    });
  } catch (error) {
    throw error.name === 'AbortError' ? error : unreachable();
  }
  const answer = response.status === 304 ? {} : await response.json().catch(() => ({}));
  if (!response.ok && response.status !== 304)
    throw refusal(response.status, answer, response.headers.get('X-Request-ID'), bearer);
  return raw ? { answer, response } : answer;
}

export function refusal(status, answer, requestId, bearer) {
  if (status === 401 && !bearer) emit('expired');
  return new ApiError(status, answer, requestId ?? '');
}

export const get = (path, options) => call('GET', path, options);
export const post = (path, body, options) => call('POST', path, { body, ...options });

// one effect, however often it is sent: `crypto.randomUUID` isn't there on a plain http address of a local network
export const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

// Sends again what may have been lost on its way, with the same key; an answer, good or bad, is the end of it.
export async function postOnce(path, body, options) {
  const key = newKey();
  for (let tries = 0; ; tries++) {
    try {
      return await post(path, body, { ...options, key });
    } catch (error) {
      if (error.status || tries === 2) throw error;
      await new Promise((go) => setTimeout(go, 800 * (tries + 1)));
    }
  }
}
