// The tiers with their sizes and the user's prices, as the server offers them; formatting; expected times of jobs.

import { get, post } from './api.js';

let offers = []; // {tier, longestSide, prices}, as the API has them
let defaultId;
let output = {};
let limits; // of a picture that is uploaded

export const pictureLimits = () => limits;
export const outputOffer = () => output;

// Reads the tiers; again after a sign-in, since prices may depend on the user.
export async function loadTiers() {
  const answer = await get('/api/tiers');
  offers = answer.tiers;
  defaultId = answer.defaultTier;
  limits = answer.pixelsMax && { fileBytesMax: answer.fileBytesMax, pixelsMax: answer.pixelsMax };
  output = {
    formats: answer.formats ?? [],
    modes: answer.modes ?? [],
    hasStrength: Boolean(answer.formats),
  };
}

// The tiers at which this kind of job can be ordered, with its prices.
export const tiersFor = (kind) =>
  offers.filter(({ prices }) => prices[kind] !== null).map((offer) => asTier(offer, kind));
export const paidTiersFor = (kind) => tiersFor(kind).filter(({ id }) => id !== 'FREE');
export const defaultTierFor = (kind) =>
  (paidTiersFor(kind).find(({ id }) => id === defaultId) ?? paidTiersFor(kind)[0])?.id;
// the tier that a choice begins with: one that costs nothing, if there is one
export const firstChoiceFor = (kind) => (tiersFor(kind).find(({ price }) => !price) ?? tiersFor(kind)[0])?.id;

// what an upload is enhanced at unless something else is asked for: 'at 1K, for 2 tokens'
export function defaultOrder() {
  const { name, price } = tierById(defaultTierFor('enhancement'));
  return `at ${name}, for ${formatTokens(price)}`;
}
// none if the tiers couldn't be read
export const largestTier = () => tiersFor('enhancement').sort((one, other) => other.side - one.side)[0];

// A tier by its id. Of one that is no longer on offer only the name is known.
export function tierById(id) {
  const offer = offers.find(({ tier }) => tier === id);
  return offer ? asTier(offer, 'enhancement') : { id, name: nameOf(id), price: undefined, side: undefined };
}

const asTier = ({ tier, longestSide, prices }, kind) => ({
  id: tier,
  name: nameOf(tier),
  price: prices[kind],
  side: longestSide,
});

// 'Free' for FREE, '8K' for TIER_8K, 'Large print' for LARGE_PRINT
function nameOf(id) {
  const name = id.replace(/^TIER_/, '').replaceAll('_', ' ');
  return /\d/.test(name) ? name : name[0] + name.slice(1).toLowerCase();
}

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
  const knownTiers = offers
    .map((offer) => asTier(offer, 'enhancement'))
    .filter((each) => relevant.some((job) => job.tier === each.id));
  if (!side || !knownTiers.length) return undefined;
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
