// The tiers with their prices and sizes, which a test compares with the server's; formatting; expected times of jobs.

import { get, post } from './api.js';

export const TIERS = [
  { id: 'FREE', name: 'Free', price: 0, side: 1024 },
  { id: 'TIER_1K', name: '1K', price: 2, side: 1024 },
  { id: 'TIER_2K', name: '2K', price: 5, side: 2048 },
  { id: 'TIER_4K', name: '4K', price: 10, side: 4096 },
];
export const PAID_TIERS = TIERS.slice(1);
export const tierById = (id) => TIERS.find((each) => each.id === id);

// the server's rule: the longest side is `side`, the other is rounded to the nearest pixel, half up
export function outputSize({ width, height }, side) {
  const longest = Math.max(width, height);
  const scaled = (length) => Math.max(1, Math.floor((2 * length * side + longest) / (2 * longest)));
  return { width: scaled(width), height: scaled(height) };
}

export const formatSize = (width, height) => `${width} × ${height}`;
export const formatTokens = (count) => (count === 0 ? 'free' : `${count} token${count === 1 ? '' : 's'}`);
export const formatRefund = (count) =>
  count ? `${formatTokens(count)} ${count === 1 ? 'was' : 'were'} refunded.` : '';

// Expected times come from the account's latest jobs: for each tier the median of the jobs of the same image, or of all images if
// it has none. Creations and modifications are compared with each other only.
let durations = []; // {id, imageId, fromPrompt, tier, seconds}, newest last
let loading;

const isFromPrompt = ({ id }) => /^job_(gen|mod)/.test(id);

export function recordDuration(job) {
  if (job.status !== 'COMPLETED' || !job.processingStartedAt) return;
  const seconds = (Date.parse(job.processingCompletedAt) - Date.parse(job.processingStartedAt)) / 1000;
  const { id, imageId, tier } = job;
  durations = [
    ...durations.filter((each) => each.id !== id),
    { id, imageId, fromPrompt: isFromPrompt(job), tier, seconds },
  ].slice(-100);
}

export const loadDurations = () => (loading ??= loadFromHistory());

async function loadFromHistory() {
  const { transactions } = await get('/api/tokens/history?limit=100');
  const jobIds = [...new Set(transactions.map((entry) => entry.jobId).filter(Boolean))].slice(0, 50);
  if (!jobIds.length) return;
  const { jobs } = await post('/api/jobs/batch-status', { jobIds });
  jobs.reverse().forEach(recordDuration);
}

// `about` is {imageId} for an enhancement, {fromPrompt: true} for a creation or modification, {} for any image. Jobs that ran next
// to others took longer than alone, so the time of a larger tier, scaled by its pixels, is an upper bound as well.
export function expectedSeconds(id, about = {}) {
  const similar = durations.filter((job) => job.fromPrompt === Boolean(about.fromPrompt));
  const own = similar.filter((job) => about.imageId && job.imageId === about.imageId);
  const relevant = own.length ? own : similar;
  if (!relevant.length) return undefined;
  const { side } = tierById(id);
  const knownTiers = TIERS.filter((each) => relevant.some((job) => job.tier === each.id));
  const sideMin = Math.min(side, Math.max(...knownTiers.map((each) => each.side))); // if no job was that large, the largest
  const medians = knownTiers
    .filter((each) => each.side >= sideMin)
    .map(
      (each) =>
        median(relevant.filter((job) => job.tier === each.id).map((job) => job.seconds)) * (side / each.side) ** 2,
    );
  return Math.max(1, Math.min(...medians));
}

export const expectedSecondsOf = (job) =>
  expectedSeconds(job.tier, { imageId: job.imageId, fromPrompt: isFromPrompt(job) });

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

export function formatDuration(seconds) {
  if (seconds === undefined) return '';
  return seconds < 90 ? `≈ ${Math.ceil(seconds)} s` : `≈ ${Math.round(seconds / 60)} min`;
}
