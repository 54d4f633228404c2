// Tokens: how many, when there will be more, and why each came or went.

import { get } from './api.js';
import { on } from './bus.js';
import { fill, h, vars } from './dom.js';
import { complain } from './notices.js';
import { signOut, who } from './session.js';
import { facts, refresh, untilNext } from './wallet.js';

const INTERVAL_S = 900; // only for the ring: how full it is a quarter of an hour before the next token
const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const HOUR = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

const why = ({ reason }) => reason.replace(/TIER_(?=\dK)/, '');

export async function tokensView(_parameters, signal) {
  const count = h('b', {});
  const ring = h('div', { class: 'ring' }, count);
  const next = h('p', { class: 'next' });
  const sums = h('dl', { class: 'sums' });
  const ledger = h('div', { class: 'ledger' });
  const more = h('div', { class: 'more' });
  let cursor;
  let day;

  function draw() {
    const { balance, max, nextAt, stats } = facts();
    count.textContent = balance;
    const left = nextAt ? Math.max(0, (nextAt - Date.now()) / 1000) : 0;
    vars(ring, { turn: nextAt ? Math.max(0, 1 - left / INTERVAL_S).toFixed(3) : 1 });
    fill(
      next,
      nextAt
        ? ['The next token comes in ', h('strong', {}, untilNext())]
        : `The wallet is full: tokens come back by themselves up to ${max}.`,
    );
    if (stats)
      fill(
        sums,
        [
          ['Earned', stats.totalEarned],
          ['Spent', stats.totalSpent],
          ['Refunded', stats.totalRefunded],
        ].map(([name, sum]) => h('div', {}, h('dt', {}, name), h('dd', {}, sum))),
      );
  }
  async function load() {
    const page = await get(`/api/tokens/history?limit=50${cursor ? `&cursor=${cursor}` : ''}`);
    cursor = page.nextCursor;
    for (const entry of page.transactions) {
      const when = new Date(entry.createdAt);
      if (DAY.format(when) !== day) {
        day = DAY.format(when);
        ledger.append(h('h3', {}, day), h('ul', { 'aria-label': day }));
      }
      ledger.lastChild.append(
        h(
          'li',
          { 'data-type': entry.type },
          h(
            'div',
            {},
            entry.jobId ? h('a', { href: `#/job/${entry.jobId}` }, why(entry)) : why(entry),
            h('div', { class: 'soft tiny' }, HOUR.format(when)),
          ),
          h('span', { class: 'amount' }, `${entry.amount > 0 ? '+' : '−'}${Math.abs(entry.amount)}`),
          h('span', { class: 'after' }, h('span', { class: 'unseen' }, 'balance '), entry.balanceAfter),
        ),
      );
    }
    fill(
      more,
      cursor && h('button', { type: 'button', class: 'button', onclick: () => load().catch(complain) }, 'Show more'),
    );
  }

  await Promise.all([refresh(), load()]);
  draw();
  on('wallet', draw, signal);
  const clock = setInterval(draw, 1000);
  signal.addEventListener('abort', () => clearInterval(clock));
  return h(
    'div',
    { class: 'narrow' },
    h('div', { class: 'wallet' }, ring, h('div', {}, h('h1', {}, 'Tokens'), next, sums)),
    h('h2', {}, 'History'),
    ledger,
    more,
    h(
      'div',
      { class: 'account' },
      h('p', { class: 'soft small' }, `Signed in as ${who().email}`),
      h('button', { type: 'button', class: 'button slim', onclick: () => signOut().catch(complain) }, 'Sign out'),
    ),
  );
}
