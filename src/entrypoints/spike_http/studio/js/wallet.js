// The wallet: what is in it, and when there will be more.

import { get } from './api.js';
import { emit, on } from './bus.js';

const wallet = { balance: undefined, max: 0, nextAt: undefined, stats: undefined };
let timer;

export const balance = () => wallet.balance ?? 0;
export const facts = () => wallet;

export async function refresh() {
  const answer = await get('/api/tokens/balance');
  Object.assign(wallet, {
    balance: answer.balance,
    max: answer.maxBalance,
    stats: answer.stats,
    nextAt: answer.nextRegenerationAt && Date.parse(answer.nextRegenerationAt),
  });
  clearTimeout(timer);
  if (wallet.nextAt)
    timer = setTimeout(() => refresh().catch(() => {}), Math.max(1000, wallet.nextAt - Date.now() + 500));
  emit('wallet', wallet);
}

// an answer's `newBalance` is shown at once; the clock of the next token is asked for afterwards
export function spent(newBalance) {
  if (newBalance === undefined) return;
  wallet.balance = newBalance;
  emit('wallet', wallet);
  refresh().catch(() => {});
}

export function untilNext() {
  if (!wallet.nextAt) return undefined;
  const seconds = Math.max(0, Math.ceil((wallet.nextAt - Date.now()) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

on('signed-out', () => {
  clearTimeout(timer);
  wallet.balance = wallet.nextAt = undefined;
});
