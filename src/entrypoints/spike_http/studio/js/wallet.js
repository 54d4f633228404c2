// The wallet: its balance, and when the next token is added.

import { get } from './api.js';
import { emit, on } from './events.js';

const OPEN_JOBS_POLL_MS = 5000; // tokens regenerate once the jobs that hold them have ended

const state = { balance: undefined, max: 0, nextAt: undefined, stats: undefined };
let refreshTimer;

export const balance = () => state.balance ?? 0;
export const walletState = () => state;

export async function refreshWallet() {
  const answer = await get('/api/tokens/balance');
  Object.assign(state, {
    balance: answer.balance,
    max: answer.maxBalance,
    stats: answer.stats,
    nextAt: answer.nextRegenerationAt && Date.parse(answer.nextRegenerationAt),
  });
  clearTimeout(refreshTimer);
  const isFilledByOpenJobs = !state.nextAt && state.balance < state.max;
  const waitMs = isFilledByOpenJobs
    ? OPEN_JOBS_POLL_MS
    : state.nextAt && Math.max(1000, state.nextAt - Date.now() + 500);
  if (waitMs) refreshTimer = setTimeout(() => refreshWallet().catch(() => {}), waitMs);
  emit('wallet', state);
}

// shows the `newBalance` of a response at once, then requests when the next token comes
export function setBalance(newBalance) {
  if (newBalance === undefined) return;
  state.balance = newBalance;
  emit('wallet', state);
  refreshWallet().catch(() => {});
}

export function timeToNextToken() {
  if (!state.nextAt) return undefined;
  const seconds = Math.max(0, Math.ceil((state.nextAt - Date.now()) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

on('signed-out', () => {
  clearTimeout(refreshTimer);
  state.balance = state.nextAt = undefined;
});
