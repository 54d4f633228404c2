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

// How long a job takes is learnt from the account's latest jobs: the median of those at the same tier, else of another tier by
// the ratio of pixels.
const took = new Map(); // tier → id of a job → seconds
let learning;

export const learn = (job) => {
  if (job.status !== 'COMPLETED' || !job.processingStartedAt) return;
  const seconds = (Date.parse(job.processingCompletedAt) - Date.parse(job.processingStartedAt)) / 1000;
  took.set(job.tier, new Map([...(took.get(job.tier) ?? new Map()), [job.id, seconds]].slice(-20)));
};

export const learnt = () => (learning ??= recall());

async function recall() {
  const { transactions } = await get('/api/tokens/history?limit=100');
  const jobIds = [...new Set(transactions.map((entry) => entry.jobId).filter(Boolean))].slice(0, 50);
  if (!jobIds.length) return;
  const { jobs } = await post('/api/jobs/batch-status', { jobIds });
  jobs.filter((job) => job.imageId).reverse().forEach(learn);
}

export function expectedSeconds(id) {
  const median = (jobs) => [...jobs.values()].sort((a, b) => a - b)[Math.floor(jobs.size / 2)];
  if (took.has(id)) return Math.max(1, median(took.get(id)));
  for (const other of [...TIERS].reverse()) {
    if (took.has(other.id)) return Math.max(1, median(took.get(other.id)) * (tier(id).side / other.side) ** 2);
  }
  return undefined;
}

export function duration(seconds) {
  if (seconds === undefined) return '';
  return seconds < 90 ? `≈ ${Math.ceil(seconds)} s` : `≈ ${Math.round(seconds / 60)} min`;
}
