// The versions of an image: completed, failed and cancelled jobs, and those in progress.

import { call } from './api.js';
import { h, iconButton, progressBar, setProgress } from './dom.js';
import { pollingSince, publishJob } from './job_polling.js';
import { expectedSecondsOf, formatDuration, formatRefund, formatSize, tierById } from './tiers.js';
import { showError, showToast } from './toasts.js';
import { setBalance } from './wallet.js';

// newest first; of jobs created together, the most expensive first
export const byNewest = (a, b) => b.createdAt.localeCompare(a.createdAt) || b.tokensCost - a.tokensCost;

export const versionName = (job) =>
  job.isBlend
    ? `Blend, ${tierById(job.tier).name}`
    : job.id.startsWith('job_mod')
      ? `Changed, ${tierById(job.tier).name}`
      : tierById(job.tier).name;

export const formatBytes = (bytes) => (bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

// A completed job can be chosen; others show their progress or queue position, or the error and the refund.
export function versionRow(job, { isShown, onChoose }) {
  const name = versionName(job);
  const refund = formatRefund(job.tokensCost);
  const heading = (text) => [h('strong', {}, name), h('span', { class: 'muted' }, text)];
  const row = (...content) =>
    h('div', { class: `version${isShown ? ' shown' : ''}`, 'data-status': job.status, 'data-job': job.id }, content);
  switch (job.status) {
    case 'COMPLETED':
      return row(
        h(
          'label',
          {},
          h('input', { type: 'radio', name: 'version', checked: isShown, onchange: onChoose }),
          heading(`${formatSize(job.enhancedWidth, job.enhancedHeight)} px, ${formatBytes(job.enhancedSizeBytes)}`),
        ),
      );
    case 'FAILED':
    case 'REFUNDED':
      return row(
        h(
          'div',
          { class: 'description' },
          h('strong', {}, name),
          h('span', { class: 'small error-text' }, `Failed: ${job.errorMessage ?? 'unknown'}. ${refund}`),
        ),
      );
    case 'CANCELLED':
      return row(h('div', { class: 'description' }, heading(`Cancelled. ${refund}`)));
    default: {
      const progress = progressBar(`${name}, in progress`);
      const expectedSeconds = expectedSecondsOf(job);
      const elapsedSeconds =
        (Date.now() -
          (job.processingStartedAt ? Date.parse(job.processingStartedAt) : (pollingSince(job.id) ?? Date.now()))) /
        1000;
      setProgress(
        progress,
        Math.max(
          0.04,
          job.progress / 100,
          job.queuePosition ? 0 : 0.9 * (1 - Math.exp(-elapsedSeconds / (expectedSeconds ?? 4))),
        ),
      );
      const text = job.queuePosition
        ? job.queuePosition === 1
          ? 'Next in the queue'
          : `Number ${job.queuePosition} in the queue`
        : `In progress ${formatDuration(expectedSeconds)}`;
      return row(
        h('div', { class: 'description', role: 'status' }, heading(text)),
        h(
          'div',
          { class: 'actions' },
          iconButton('close', `Cancel ${name}`, () => cancelJob(job.id)),
        ),
        progress,
      );
    }
  }
}

export async function cancelJob(id) {
  try {
    const { job, newBalance, tokensRefunded } = await call('POST', `/api/jobs/${id}/cancel`);
    publishJob(job);
    setBalance(newBalance);
    showToast(`Cancelled. ${formatRefund(tokensRefunded)}`);
  } catch (error) {
    showError(error);
  }
}
