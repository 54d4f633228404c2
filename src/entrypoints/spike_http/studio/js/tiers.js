// The tiers, as docs/reference/http.md lists them; a test compares them with the server's. Sizes, prices, expected times.

import { get, post } from './api.js';

export const TIERS = [
  { id: 'FREE', name: 'Free', price: 0, side: 1024 },
  { id: 'TIER_1K', name: '1K', price: 2, side: 1024 },
  { id: 'TIER_2K', name: '2K', price: 5, side: 2048 },
  { id: 'TIER_4K', name: '4K', price: 10, side: 4096 },
];
export const PAID = TIERS.slice(1);
export const tier = (id) => TIERS.find((each) => each.id === id);

// the server's rule: the longest side exactly, the other to the nearest pixel, halves up
export function outputSize({ width, height }, side) {
  const longest = Math.max(width, height);
  const scaled = (length) => Math.max(1, Math.floor((2 * length * side + longest) / (2 * longest)));
  return { width: scaled(width), height: scaled(height) };
}

export const times = (width, height) => `${width} × ${height}`;
export const tokens = (count) => (count === 0 ? 'free' : `${count} token${count === 1 ? '' : 's'}`);

// How long a job takes is learnt from the account's latest jobs: the median of those about the same picture, tier by tier; with
// none of its own, the same of all pictures. What words make is learnt from its like.
let took = []; // { id, imageId, byWords, tier, seconds }, newest last
let learning;

const byWords = ({ id }) => /^job_(gen|mod)/.test(id);

export function learn(job) {
  if (job.status !== 'COMPLETED' || !job.processingStartedAt) return;
  const seconds = (Date.parse(job.processingCompletedAt) - Date.parse(job.processingStartedAt)) / 1000;
  const { id, imageId, tier } = job;
  took = [...took.filter((known) => known.id !== id), { id, imageId, byWords: byWords(job), tier, seconds }].slice(
    -100,
  );
}

export const learnt = () => (learning ??= recall());

async function recall() {
  const { transactions } = await get('/api/tokens/history?limit=100');
  const jobIds = [...new Set(transactions.map((entry) => entry.jobId).filter(Boolean))].slice(0, 50);
  if (!jobIds.length) return;
  const { jobs } = await post('/api/jobs/batch-status', { jobIds });
  jobs.reverse().forEach(learn);
}

// `about` is { imageId } of the picture to be enhanced, { byWords: true } for creations, or nothing for any picture. Jobs that ran
// beside others took longer than they need; so what a larger result took is an upper bound too, by the ratio of pixels.
export function expectedSeconds(id, about = {}) {
  const alike = took.filter((job) => job.byWords === Boolean(about.byWords));
  const own = alike.filter((job) => about.imageId && job.imageId === about.imageId);
  const known = own.length ? own : alike;
  if (!known.length) return undefined;
  const { side } = tier(id);
  const seen = TIERS.filter((each) => known.some((job) => job.tier === each.id));
  const large = Math.min(side, Math.max(...seen.map((each) => each.side))); // with none as large, the largest of all
  const medians = seen
    .filter((each) => each.side >= large)
    .map(
      (each) => median(known.filter((job) => job.tier === each.id).map((job) => job.seconds)) * (side / each.side) ** 2,
    );
  return Math.max(1, Math.min(...medians));
}

export const expectedOf = (job) => expectedSeconds(job.tier, { imageId: job.imageId, byWords: byWords(job) });

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

export function duration(seconds) {
  if (seconds === undefined) return '';
  return seconds < 90 ? `≈ ${Math.ceil(seconds)} s` : `≈ ${Math.round(seconds / 60)} min`;
}
