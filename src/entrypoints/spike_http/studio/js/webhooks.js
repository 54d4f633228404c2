// Webhooks on the page of the account: URLs that events are sent to, and what was sent.

import { call, get, post } from './api.js';
import { openDialog } from './dialog.js';
import { h, replaceContent } from './dom.js';
import { showError, showToast } from './toasts.js';

const TIME_FORMAT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const EVENTS = [
  ['job.completed', 'A job is completed'],
  ['job.refunded', 'A job has failed and is refunded'],
  ['job.failed', 'A free job has failed'],
  ['job.cancelled', 'A job is cancelled'],
  ['image.uploaded', 'An image is uploaded'],
  ['image.deleted', 'An image is deleted'],
  ['tokens.moved', 'Tokens are added or spent'],
];
const REASONS = {
  OWNER: 'you have disabled it',
  GONE: 'the receiver answered that it is gone (410)',
  FAILING: 'every attempt failed for five days',
};
const SHOWN = 20; // deliveries

const time = (text) => TIME_FORMAT.format(new Date(text));
const path = (webhook) => `/api/settings/webhooks/${webhook.id}`;
const button = (text, onclick, props = {}) =>
  h('button', { type: 'button', class: 'button compact', onclick, ...props }, text);

export async function webhooksSection() {
  const list = h('ul', { class: 'credentials', 'aria-label': 'Webhooks' });
  async function load() {
    const { webhooks } = await get('/api/settings/webhooks');
    replaceContent(
      list,
      webhooks.map((webhook) => webhookItem(webhook, load)),
    );
  }
  await load();
  return h(
    'section',
    {},
    h('h2', {}, 'Webhooks'),
    h('p', { class: 'muted small' }, 'What happens to your images, jobs and tokens is sent to these URLs.'),
    list,
    button('Add a webhook', () => openAddDialog(load)),
  );
}

function webhookItem(webhook, reload) {
  const change = (patch, text) =>
    call('PATCH', path(webhook), { body: patch })
      .then(() => showToast(text))
      .then(reload)
      .catch(showError);
  const test = () =>
    post(`${path(webhook)}/test`)
      .then(() => showToast('A test is on its way; see the deliveries'))
      .catch(showError);
  return h(
    'li',
    {},
    h(
      'div',
      {},
      webhook.url,
      h('div', { class: 'muted tiny' }, webhook.events.join(', ')),
      !webhook.enabled &&
        h(
          'div',
          { class: 'error-text tiny', role: 'note' },
          `Disabled since ${time(webhook.disabledAt)}: ${REASONS[webhook.disabledBecause]}. Nothing is sent.`,
        ),
      webhook.enabled &&
        webhook.failingSince &&
        h('div', { class: 'error-text tiny', role: 'note' }, `Attempts fail since ${time(webhook.failingSince)}.`),
    ),
    h(
      'div',
      { class: 'row wrap' },
      webhook.enabled
        ? button('Test', test, { 'aria-label': `Test ${webhook.url}` })
        : button('Enable', () => change({ enabled: true }, 'The webhook is enabled'), {
            'aria-label': `Enable ${webhook.url}`,
          }),
      button('Deliveries', () => openDeliveries(webhook).catch(showError), {
        'aria-label': `Deliveries to ${webhook.url}`,
      }),
      button('New secret', () => openSecretDialog(webhook), { 'aria-label': `New secret for ${webhook.url}` }),
      button('Delete', () => openDeleteDialog(webhook, reload), { 'aria-label': `Delete ${webhook.url}` }),
    ),
  );
}

function openAddDialog(reload) {
  openDialog({
    title: 'Add a webhook',
    action: 'Add',
    content: [
      h(
        'label',
        { class: 'field' },
        h('span', {}, 'URL'),
        h('input', { name: 'url', type: 'url', required: true, maxlength: 2048 }),
      ),
      h(
        'fieldset',
        { class: 'scopes' },
        h('legend', {}, 'Send when'),
        EVENTS.map(([event, text]) =>
          h(
            'label',
            {},
            h('input', { type: 'checkbox', name: 'events', value: event, checked: event.startsWith('job.') }),
            ` ${text}`,
          ),
        ),
      ),
    ],
    onSubmit: async (form) => {
      const { secret } = await post('/api/settings/webhooks', { url: form.get('url'), events: form.getAll('events') });
      showSecret(secret);
      await reload();
    },
  });
}

const openSecretDialog = (webhook) =>
  openDialog({
    title: 'Make a new secret?',
    action: 'Make a new secret',
    content: h(
      'p',
      {},
      'For one day each request is signed with both secrets. Give your receiver the new one within that time.',
    ),
    onSubmit: async () => showSecret((await call('PATCH', path(webhook), { body: { rotateSecret: true } })).secret),
  });

const showSecret = (secret) =>
  openDialog({
    title: 'Copy the secret now',
    action: 'Done',
    content: [
      h('p', {}, 'Verify signatures with it. It is never shown again.'),
      h(
        'label',
        { class: 'field' },
        h('span', {}, 'Secret'),
        h('input', { value: secret, readonly: true, onfocus: (event) => event.target.select() }),
      ),
    ],
  });

async function openDeliveries(webhook) {
  const list = h('ul', { class: 'credentials', 'aria-label': 'Deliveries' });
  async function load() {
    const { deliveries } = await get(`${path(webhook)}/deliveries?limit=${SHOWN}`);
    replaceContent(
      list,
      deliveries.map((delivery) => deliveryItem(webhook, delivery, load)),
    );
    if (!deliveries.length) list.append(h('li', {}, 'Nothing was sent yet.'));
  }
  await load();
  openDialog({ title: 'Deliveries', action: 'Done', content: list });
}

function deliveryItem(webhook, delivery, reload) {
  const again = () =>
    post(`${path(webhook)}/deliveries/${delivery.id}/redeliver`)
      .then(reload)
      .catch(showError);
  const facts = [
    time(delivery.createdAt),
    delivery.state.toLowerCase(),
    delivery.error,
    delivery.nextAttemptAt && delivery.attempts && `next attempt ${time(delivery.nextAttemptAt)}`,
  ];
  const attempts = delivery.log.map(({ at, milliseconds, responseStatus, error }) =>
    h(
      'div',
      { class: 'muted tiny' },
      `${time(at)} · ${error ?? `accepted with ${responseStatus}`} · ${milliseconds} ms`,
    ),
  );
  return h(
    'li',
    {},
    h(
      'div',
      {},
      delivery.type,
      h('div', { class: 'muted tiny' }, facts.filter(Boolean).join(' · ')),
      attempts.length > 0 &&
        h('details', {}, h('summary', { class: 'tiny' }, `Attempts: ${attempts.length}`), attempts.reverse()),
    ),
    button('Send again', again, { 'aria-label': `Send ${delivery.type} again` }),
  );
}

const openDeleteDialog = (webhook, reload) =>
  openDialog({
    title: 'Delete the webhook?',
    action: 'Delete',
    kind: 'danger',
    content: h('p', {}, `Nothing more is sent to ${webhook.url}.`),
    onSubmit: async () => {
      await call('DELETE', path(webhook));
      showToast('The webhook is deleted');
      await reload();
    },
  });
