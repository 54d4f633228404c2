// What has become of a picture: its results, and the jobs that aren't done.

import { call } from './api.js';
import { bar, h, iconButton, setBar } from './dom.js';
import { complain, say } from './notices.js';
import { duration, expectedOf, tier, times, tokens } from './tiers.js';
import { spent } from './wallet.js';
import { tell, watchedSince } from './watch.js';

// of those that were asked for together, the dearest
export const newest = (a, b) => b.createdAt.localeCompare(a.createdAt) || tier(b.tier).price - tier(a.tier).price;

export const nameOf = (job) =>
  job.isBlend
    ? `Blend, ${tier(job.tier).name}`
    : job.id.startsWith('job_mod')
      ? `Changed, ${tier(job.tier).name}`
      : tier(job.tier).name;

export const megabytes = (bytes) => (bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

// A version: a result to show, or a job with its place in the queue, or why there is none and where the tokens are.
export function versionRow(job, { shown, choose }) {
  const name = nameOf(job);
  const back = job.tokensCost ? ` ${tokens(job.tokensCost)} ${job.tokensCost === 1 ? 'is' : 'are'} back.` : '';
  const facts = (text) => [h('strong', {}, name), h('span', { class: 'soft' }, text)];
  const row = (...content) =>
    h('div', { class: `version${shown ? ' shown' : ''}`, 'data-status': job.status, 'data-job': job.id }, content);
  switch (job.status) {
    case 'COMPLETED':
      return row(
        h(
          'label',
          {},
          h('input', { type: 'radio', name: 'version', checked: shown, onchange: choose }),
          facts(`${times(job.enhancedWidth, job.enhancedHeight)} px, ${megabytes(job.enhancedSizeBytes)}`),
        ),
      );
    case 'FAILED':
    case 'REFUNDED':
      return row(
        h(
          'div',
          { class: 'what' },
          h('strong', {}, name),
          h('span', { class: 'small trouble' }, `Failed: ${job.errorMessage ?? 'unknown'}.${back}`),
        ),
      );
    case 'CANCELLED':
      return row(h('div', { class: 'what' }, facts(`Cancelled.${back}`)));
    default: {
      const line = bar(`${name}, under way`);
      const expected = expectedOf(job);
      const since =
        (Date.now() -
          (job.processingStartedAt ? Date.parse(job.processingStartedAt) : (watchedSince(job.id) ?? Date.now()))) /
        1000;
      setBar(
        line,
        Math.max(0.04, job.progress / 100, job.queuePosition ? 0 : 0.9 * (1 - Math.exp(-since / (expected ?? 4)))),
      );
      const text = job.queuePosition
        ? job.queuePosition === 1
          ? 'Next in the queue'
          : `Number ${job.queuePosition} in the queue`
        : `Being made ${duration(expected)}`;
      return row(
        h('div', { class: 'what', role: 'status' }, facts(text)),
        h(
          'div',
          { class: 'acts' },
          iconButton('close', `Cancel ${name}`, () => cancel(job.id)),
        ),
        line,
      );
    }
  }
}

export async function cancel(id) {
  try {
    const { job, newBalance, tokensRefunded } = await call('POST', `/api/jobs/${id}/cancel`);
    tell(job);
    spent(newBalance);
    say(`Cancelled. ${tokensRefunded ? `${tokens(tokensRefunded)} are back.` : ''}`);
  } catch (error) {
    complain(error);
  }
}
