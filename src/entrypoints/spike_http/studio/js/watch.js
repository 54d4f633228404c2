// Watches all jobs that are under way, with one request at a time: it waits at the server for the first of them to end, and
// asks about all others at once. Each look is told as the event `job`.

import { get, post } from './api.js';
import { emit, on } from './bus.js';
import { learn } from './tiers.js';
import { refresh } from './wallet.js';

const ENDED = new Set(['COMPLETED', 'FAILED', 'REFUNDED', 'CANCELLED']);
const WAIT_S = 3; // the progress of the others is as old as this at most
const under = new Map(); // id → when we first heard of it
let busy = false;

export const hasEnded = (job) => ENDED.has(job.status);
export const watchedSince = (id) => under.get(id);

export function watch(jobs) {
  for (const { id } of jobs) if (!under.has(id)) under.set(id, Date.now());
  if (!busy && under.size) loop();
}

export function tell(job) {
  if (hasEnded(job) && under.delete(job.id)) {
    learn(job);
    if (job.status !== 'COMPLETED') refresh().catch(() => {});
  }
  emit('job', job);
}

async function loop() {
  busy = true;
  let wait = 1;
  for (let silence = 0; under.size; ) {
    if (document.hidden)
      await new Promise((seen) => document.addEventListener('visibilitychange', seen, { once: true }));
    try {
      await look([...under.keys()], wait);
      silence = 0;
      wait = WAIT_S;
    } catch (error) {
      if (error.status === 401) break;
      if (error.status === 404) under.delete([...under.keys()][0]);
      await pause(Math.min(15, error.retryAfter ?? 2 ** ++silence));
    }
  }
  busy = false;
}

async function look([first, ...others], wait) {
  const began = Date.now();
  const { job } = await get(`/api/jobs/${first}?wait=${wait}`);
  tell(job);
  if (others.length) (await post('/api/jobs/batch-status', { jobIds: others.slice(0, 50) })).jobs.forEach(tell);
  if (!hasEnded(job) && Date.now() - began < wait * 900) await pause(2); // it couldn't let us wait
}

const pause = (seconds) => new Promise((go) => setTimeout(go, seconds * 1000));
on('signed-out', () => under.clear());
on('signed-in', () => watch([]));
