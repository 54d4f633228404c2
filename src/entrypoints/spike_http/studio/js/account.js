// The page of the account: API keys, webhooks, and where the user is signed in.

import { call, get, post } from './api.js';
import { openDialog } from './dialog.js';
import { h, replaceContent } from './dom.js';
import { currentUser, signOut, signOutEverywhere } from './session.js';
import { showError, showToast } from './toasts.js';
import { webhooksSection } from './webhooks.js';

const DAY_FORMAT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const TIME_FORMAT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const SCOPES = [
  ['read', 'Read images, albums and the balance'],
  ['spend', 'Upload, enhance and generate images'],
  ['manage', 'Change and delete images and albums, revoke keys'],
];

const day = (time) => DAY_FORMAT.format(new Date(time));
const button = (text, onclick, props = {}) =>
  h('button', { type: 'button', class: 'button compact', onclick, ...props }, text);

export async function accountView() {
  const keys = h('ul', { class: 'credentials', 'aria-label': 'API keys' });
  const sessions = h('ul', { class: 'credentials', 'aria-label': 'Sessions' });

  async function loadKeys() {
    const { apiKeys } = await get('/api/settings/api-keys');
    replaceContent(
      keys,
      apiKeys.filter((key) => !key.revokedAt).map((key) => keyItem(key, loadKeys)),
    );
  }
  async function loadSessions() {
    const answer = await get('/api/sessions');
    replaceContent(sessions, answer.sessions.map(sessionItem));
  }

  const [webhooks] = await Promise.all([webhooksSection(), loadKeys(), loadSessions()]);
  return h(
    'div',
    { class: 'narrow' },
    h('h1', {}, 'Account'),
    h('p', { class: 'muted small' }, `Signed in as ${currentUser().email ?? currentUser().id}`),
    h(
      'section',
      {},
      h('h2', {}, 'API keys'),
      h('p', { class: 'muted small' }, 'Programs use them. A key opens no session and creates no keys.'),
      keys,
      button('Create an API key', () => openKeyDialog(loadKeys)),
    ),
    webhooks,
    h(
      'section',
      {},
      h('h2', {}, 'Sessions'),
      h('p', { class: 'muted small' }, 'Where you are signed in. The last use is accurate to ten minutes.'),
      sessions,
    ),
    h(
      'div',
      { class: 'account' },
      button('Sign out', () => signOut().catch(showError)),
      button('Sign out everywhere', () => openSignOutDialog()),
    ),
  );
}

function keyItem(key, reload) {
  const facts = [
    `${key.keyPrefix}…`,
    key.scopes.join(', '),
    key.expiresAt && `${key.isActive ? 'expires' : 'expired'} ${day(key.expiresAt)}`,
    key.monthlyLimit && `${key.spentThisMonth} of ${key.monthlyLimit} tokens spent this month`,
  ];
  return h(
    'li',
    {},
    h('div', {}, key.name, h('div', { class: 'muted tiny' }, facts.filter(Boolean).join(' · '))),
    button('Revoke', () => openRevokeDialog(key, reload), { 'aria-label': `Revoke ${key.name}` }),
  );
}

function sessionItem(session) {
  const used = TIME_FORMAT.format(new Date(session.lastUsedAt));
  return h(
    'li',
    {},
    h(
      'div',
      {},
      session.isCurrent ? 'This session' : `Last used ${used}`,
      h('div', { class: 'muted tiny' }, `Opened ${day(session.createdAt)}, expires ${day(session.expiresAt)}`),
    ),
  );
}

function openKeyDialog(reload) {
  openDialog({
    title: 'Create an API key',
    action: 'Create',
    content: [
      h(
        'label',
        { class: 'field' },
        h('span', {}, 'Name'),
        h('input', { name: 'name', required: true, maxlength: 100 }),
      ),
      h(
        'fieldset',
        { class: 'scopes' },
        h('legend', {}, 'The key may'),
        SCOPES.map(([scope, text]) =>
          h('label', {}, h('input', { type: 'checkbox', name: 'scopes', value: scope, checked: true }), ` ${text}`),
        ),
      ),
      h(
        'label',
        { class: 'field' },
        h('span', {}, 'Expires (optional)'),
        h('input', { name: 'expires', type: 'date' }),
      ),
      h(
        'label',
        { class: 'field' },
        h('span', {}, 'Tokens per month at most (optional)'),
        h('input', { name: 'limit', type: 'number', min: 1, step: 1 }),
      ),
    ],
    onSubmit: async (form) => {
      const { apiKey } = await post('/api/settings/api-keys', {
        name: form.get('name'),
        scopes: form.getAll('scopes'),
        expiresAt: form.get('expires') ? new Date(`${form.get('expires')}T00:00`).toISOString() : null,
        monthlyLimit: form.get('limit') ? Number(form.get('limit')) : null,
      });
      showKey(apiKey);
      await reload();
    },
  });
}

const showKey = (apiKey) =>
  openDialog({
    title: `Copy the key “${apiKey.name}” now`,
    action: 'Done',
    content: [
      h('p', {}, 'It is never shown again.'),
      h(
        'label',
        { class: 'field' },
        h('span', {}, 'API key'),
        h('input', { value: apiKey.key, readonly: true, onfocus: (event) => event.target.select() }),
      ),
    ],
  });

const openRevokeDialog = (key, reload) =>
  openDialog({
    title: `Revoke “${key.name}”?`,
    action: 'Revoke',
    kind: 'danger',
    content: h('p', {}, 'Programs that use this key stop working at once.'),
    onSubmit: async () => {
      await call('DELETE', `/api/settings/api-keys/${key.id}`);
      showToast('The key is revoked');
      await reload();
    },
  });

const openSignOutDialog = () =>
  openDialog({
    title: 'Sign out everywhere?',
    action: 'Sign out everywhere',
    kind: 'danger',
    content: h(
      'p',
      {},
      'All sessions end, this one too. You need a sign-in link to sign in again. API keys stay valid.',
    ),
    onSubmit: signOutEverywhere,
  });
