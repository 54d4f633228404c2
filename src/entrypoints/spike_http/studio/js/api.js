// A client of the public REST API; the studio uses nothing else.

import { emit } from './events.js';

// This module is {base}/studio/{version}/js/api.js, so the service is three levels up; behind a proxy, {base} has a path.
const BASE_URL = new URL('../../../', import.meta.url);
export const absoluteUrl = (path) => new URL(path.slice(1), BASE_URL).href;

export class ApiError extends Error {
  constructor(status, body, requestId) {
    super(body.error ?? 'Something went wrong');
    Object.assign(this, { status, suggestion: '', code: '', requestId }, body);
  }
}

export const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

export const unreachable = () =>
  new ApiError(
    0,
    {
      error: "The server doesn't respond",
      suggestion: 'Please check the connection and try again',
      code: 'UNREACHABLE',
    },
    '',
  );

export async function call(method, path, { body, key, bearer, headers = {}, signal, raw, isFile } = {}) {
  const requestHeaders = { Accept: 'application/json', ...headers };
  if (body !== undefined) requestHeaders['Content-Type'] = 'application/json';
  if (key) requestHeaders['Idempotency-Key'] = key;
  if (bearer) requestHeaders.Authorization = `Bearer ${bearer}`;
  let response;
  try {
    response = await fetch(absoluteUrl(path), {
      method,
      headers: requestHeaders,
      body: body && JSON.stringify(body),
      signal,
      cache: 'no-store',
    });
  } catch (error) {
    throw error.name === 'AbortError' ? error : unreachable();
  }
  if (isFile && response.ok) {
    const name = /filename\*=UTF-8''([^;]+)/i.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
    return { blob: await response.blob(), name: name ? decodeURIComponent(name) : 'pictures.zip' };
  }
  const answer = response.status === 304 ? {} : await response.json().catch(() => ({}));
  if (!response.ok && response.status !== 304)
    throw toApiError(response.status, answer, response.headers.get('X-Request-ID'), bearer);
  return raw ? { answer, response } : answer;
}

export function toApiError(status, answer, requestId, bearer) {
  if (status === 401 && !bearer) emit('session-expired');
  return new ApiError(status, answer, requestId ?? '');
}

export const get = (path, options) => call('GET', path, options);
export const post = (path, body, options) => call('POST', path, { body, ...options });

// `crypto.randomUUID` would do, but it exists only in secure contexts, not on a plain http address of a local network
export const newIdempotencyKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

const BUSY_TRIES_MAX = 30;
const BUSY_WAIT_MAX_S = 60;

// Repeats a request that was refused only for now and had no effect: the server is busy, a limit of requests is used up for a short
// time, or the same request is still under way, whose answer is awaited.
export async function unlessBusy(send) {
  for (let tries = 1; ; tries++) {
    try {
      return await send();
    } catch (error) {
      const isPassing = ['SERVER_BUSY', 'REQUEST_IN_PROGRESS', 'RATE_LIMIT'].includes(error.code);
      const seconds = error.retryAfter ?? 1;
      if (!isPassing || tries === BUSY_TRIES_MAX || seconds > BUSY_WAIT_MAX_S) throw error;
      await sleep(seconds);
    }
  }
}

// Posts with one Idempotency-Key, and repeats the request up to twice if no response arrives. An error response isn't retried.
export async function postOnce(path, body, options) {
  const key = newIdempotencyKey();
  for (let retries = 0; ; retries++) {
    try {
      return await post(path, body, { ...options, key });
    } catch (error) {
      if (error.status || retries === 2) throw error;
      await new Promise((resolve) => setTimeout(resolve, 800 * (retries + 1)));
    }
  }
}
