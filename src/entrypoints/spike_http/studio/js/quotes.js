// What an order costs, how long it takes and why it would be refused: asked of the server before anything is spent.

import { post } from './api.js';
import { h } from './dom.js';
import { formatDuration, formatTokens } from './tiers.js';
import { balance } from './wallet.js';

export const ANY_PROMPT = '-'; // a quote is for a whole request, and no price depends on the prompt

// Returns a function that asks for the quote of an order, and calls `show` with it, or with undefined while there is none. Answers to
// earlier orders are dropped; the same order is asked about again once the balance has changed.
export function quoter(show, signal) {
  let asked;
  return async (order) => {
    const question = order && JSON.stringify([order, balance()]);
    if (question === asked) return;
    asked = question;
    show();
    if (!order) return;
    const quote = await post('/api/quotes', order, { signal }).catch(() => undefined); // the order itself says what is wrong
    if (asked === question && !signal.aborted) show(quote);
  };
}

// '12 tokens of 100', or 'free'
export const tokensOf = (tokens, available) => (tokens ? `${formatTokens(tokens)} of ${available}` : formatTokens(0));

// '12 tokens of 100, ≈ 8 s'; of a part of an order, `share` says how much larger the whole is
export function quoteText({ tokens, balance: available, seconds }, share = 1) {
  const time = seconds === null ? '' : formatDuration(Math.max(1, seconds * share));
  return [tokensOf(tokens * share, available), time].filter(Boolean).join(', ');
}

// The lines of a form below its tiers: what the order costs and how long it takes, and why it would be refused. `onQuote` is called
// with each quote.
export function quoteLines(signal, onQuote = () => {}) {
  const summary = h('p', { class: 'small muted', role: 'status' });
  const refusal = h('p', { class: 'small error-text', role: 'alert' });
  const ask = quoter((quote) => {
    summary.textContent = quote ? quoteText(quote) : '';
    refusal.textContent = quote ? refusalText(quote) : '';
    if (quote) onQuote(quote);
  }, signal);
  return { elements: [summary, refusal], ask };
}

export const refusalText = ({ reasons: [reason] }) =>
  reason ? [...new Set([reason.error, reason.suggestion])].join('. ') : '';
