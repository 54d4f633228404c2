// Polls all unfinished jobs, with one request at a time: a long poll waits for the first of them to finish, then one batch
// request returns the others. Each response is published as the event `job`.

import { get, post, sleep } from './api.js';
import { emit, on } from './events.js';
import { recordDuration } from './tiers.js';
import { refreshWallet } from './wallet.js';

const FINISHED = new Set(['COMPLETED', 'FAILED', 'REFUNDED', 'CANCELLED']);
const WAIT_S = 3; // how old the progress of the other jobs may get
const active = new Map(); // job id → when polling began, in ms
let isPolling = false;

export const isFinished = (job) => FINISHED.has(job.status);
export const pollingSince = (id) => active.get(id);

export function pollJobs(jobs) {
  for (const { id } of jobs) if (!active.has(id)) active.set(id, Date.now());
  if (!isPolling && active.size) poll();
}

export function publishJob(job) {
  if (isFinished(job) && active.delete(job.id)) {
    recordDuration(job);
    if (job.status !== 'COMPLETED') refreshWallet().catch(() => {});
  }
  emit('job', job);
}

async function poll() {
  isPolling = true;
  let wait = 1;
  for (let failures = 0; active.size; ) {
    if (document.hidden)
      await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
    try {
      await pollOnce([...active.keys()], wait);
      failures = 0;
      wait = WAIT_S;
    } catch (error) {
      if (error.status === 401) break;
      if (error.status === 404) active.delete([...active.keys()][0]);
      await sleep(Math.min(15, error.retryAfter ?? 2 ** ++failures));
    }
  }
  isPolling = false;
}

async function pollOnce([first, ...others], wait) {
  const started = Date.now();
  const { job } = await get(`/api/jobs/${first}?wait=${wait}`);
  publishJob(job);
  if (others.length) (await post('/api/jobs/batch-status', { jobIds: others.slice(0, 50) })).jobs.forEach(publishJob);
  if (!isFinished(job) && Date.now() - started < wait * 900) await sleep(2); // the server returned at once: it has no free slot for a long poll
}

on('signed-out', () => active.clear());
on('signed-in', () => pollJobs([]));
