// The page of the wallet: balance, time to the next token, and the history of transactions.

import { get } from './api.js';
import { h, replaceContent, setVariables } from './dom.js';
import { on } from './events.js';
import { currentUser } from './session.js';
import { showError } from './toasts.js';
import { refreshWallet, timeToNextToken, walletState } from './wallet.js';

const RING_PERIOD_S = 900; // the ring is empty this long before the next token; the API doesn't return the interval
const DAY_FORMAT = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const TIME_FORMAT = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

const COUNT_FORMAT = new Intl.NumberFormat();

const megabytes = (bytes) => Math.ceil(bytes / 1e6);
const usageRows = ({ freeJobs, paidJobs, images, storedBytes }) => [
  ['Free jobs open', freeJobs.used, freeJobs.limit],
  ['Paid jobs open', paidJobs.used, paidJobs.limit],
  ['Images', images.used, images.limit],
  ['Storage, MB', megabytes(storedBytes.used), megabytes(storedBytes.limit)],
];

const reasonText = ({ reason }) => reason.replace(/TIER_(?=\d)/, '');

export async function tokensView(_parameters, signal) {
  const count = h('b', {});
  const ring = h('div', { class: 'ring' }, count);
  const next = h('p', { class: 'next' });
  const totals = h('dl', { class: 'totals' });
  const ledger = h('div', { class: 'ledger' });
  const loadMore = h('div', { class: 'load-more' });
  let cursor;
  let day;

  function render() {
    const { balance, max, nextAt, stats } = walletState();
    count.textContent = balance;
    const remainingSeconds = nextAt ? Math.max(0, (nextAt - Date.now()) / 1000) : 0;
    setVariables(ring, { 'ring-fill': nextAt ? Math.max(0, 1 - remainingSeconds / RING_PERIOD_S).toFixed(3) : 1 });
    replaceContent(
      next,
      nextAt
        ? ['Next token in ', h('strong', {}, timeToNextToken())]
        : `The wallet is full: tokens regenerate up to ${max}, those of open jobs included.`,
    );
    if (stats)
      replaceContent(
        totals,
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
      if (DAY_FORMAT.format(when) !== day) {
        day = DAY_FORMAT.format(when);
        ledger.append(h('h3', {}, day), h('ul', { 'aria-label': day }));
      }
      ledger.lastChild.append(
        h(
          'li',
          { 'data-type': entry.type },
          h(
            'div',
            {},
            entry.jobId ? h('a', { href: `#/job/${entry.jobId}` }, reasonText(entry)) : reasonText(entry),
            h('div', { class: 'muted tiny' }, TIME_FORMAT.format(when)),
          ),
          h('span', { class: 'amount' }, `${entry.amount > 0 ? '+' : '−'}${Math.abs(entry.amount)}`),
          h(
            'span',
            { class: 'balance-after' },
            h('span', { class: 'visually-hidden' }, 'balance '),
            entry.balanceAfter,
          ),
        ),
      );
    }
    replaceContent(
      loadMore,
      cursor && h('button', { type: 'button', class: 'button', onclick: () => load().catch(showError) }, 'Show more'),
    );
  }

  const [usage] = await Promise.all([get('/api/usage'), refreshWallet(), load()]);
  render();
  on('wallet', render, signal);
  const countdown = setInterval(render, 1000);
  signal.addEventListener('abort', () => clearInterval(countdown));
  return h(
    'div',
    { class: 'narrow' },
    h('div', { class: 'wallet' }, ring, h('div', {}, h('h1', {}, 'Tokens'), next, totals)),
    h('h2', {}, 'Usage'),
    h(
      'dl',
      { class: 'totals usage' },
      usageRows(usage).map(([name, used, limit]) =>
        h('div', {}, h('dt', {}, name), h('dd', {}, `${COUNT_FORMAT.format(used)} of ${COUNT_FORMAT.format(limit)}`)),
      ),
    ),
    h('h2', {}, 'History'),
    ledger,
    loadMore,
    h(
      'div',
      { class: 'account' },
      h('p', { class: 'muted small' }, `Signed in as ${currentUser().email ?? currentUser().id}`),
      h('a', { class: 'button compact', href: '#/account' }, 'API keys and sessions'),
    ),
  );
}
