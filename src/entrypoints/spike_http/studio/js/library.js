// The library: all images of the account, in an order, searched by name, narrowed down by state and tier.

import { openBlendDialog } from './blend_dialog.js';
import { openDialog } from './dialog.js';
import { h, replaceContent } from './dom.js';
import { acceptFiles, fileButton } from './dropzone.js';
import { debounced, on } from './events.js';
import { enableDragging, markDropTarget } from './grid.js';
import { imageSource } from './image_source.js';
import { toTile } from './images.js';
import { describeLimits, readLimits } from './limits.js';
import { selectionBar } from './picture_actions.js';
import { replaceQuery } from './router.js';
import { createSelection } from './selection.js';
import { defaultOrder, tierById, tiersFor } from './tiers.js';
import { showError } from './toasts.js';
import { upload } from './uploads.js';
import { virtualGrid } from './virtual_grid.js';

const ORDERS = { newest: 'Newest first', oldest: 'Oldest first', name: 'By name' };
const STATES = { ORIGINAL: 'Not enhanced', PROCESSING: 'In progress', ENHANCED: 'Enhanced', FAILED: 'Failed' };
const SEARCH_DELAY_MS = 250;
const UPLOADS_PAUSE_MS = 500; // after the last upload, until the list is loaded anew
const FILTERS = ['search', 'state', 'tier', 'order'];

const monthFormat = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'long' });
const months = new Map(); // formatting ten thousand dates would take seconds
function monthOf({ createdAt }) {
  const date = new Date(createdAt);
  const key = date.getFullYear() * 12 + date.getMonth();
  if (!months.has(key)) months.set(key, monthFormat.format(date));
  return months.get(key);
}

// what is found by a search is spread over many months, each with a row of its own
const yearOf = ({ createdAt }) => String(new Date(createdAt).getFullYear());

export async function libraryView({ query }, signal) {
  const filters = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? '']));
  const parameters = {};
  const source = imageSource({ path: '/api/images/layout', parameters }, signal);
  const selection = createSelection(source);
  const isNarrowed = () => Boolean(filters.search || filters.state || filters.tier);
  const grid = virtualGrid(
    {
      source,
      label: 'Pictures',
      hrefOf: ({ id }) => `#/picture/${id}`,
      selection,
      sectionOf: (entry) => {
        if (filters.order === 'name') return undefined;
        return isNarrowed() ? yearOf(entry) : monthOf(entry);
      },
      onKey: (event) => {
        if (event.key === 'a' && (event.ctrlKey || event.metaKey)) return selectAll();
        if (event.key === 'Escape' && selection.size) return selection.clear() ?? true;
        return undefined;
      },
    },
    signal,
  );
  const count = h('span', { class: 'count' });
  const status = h('p', { class: 'visually-hidden', role: 'status' });
  const footer = h('div');
  const bar = selectionBar(
    selection,
    {
      returnFocus: grid.focusTabStop,
      sizesOf: (ids) => ids.map((id) => source.entries[grid.indexOf(id)]).filter(Boolean),
      extra: (size) => (size === 2 ? [bar.button('Blend', () => blendSelected().catch(showError))] : []),
    },
    signal,
  );
  async function blendSelected() {
    const [one, other] = await grid.picturesOf(selection.ids());
    openBlendDialog(one, other, selection.clear);
  }
  function selectAll() {
    source.loadAll().then(() => selection.add(source.entries.map(({ id }) => id)), showError);
    return true;
  }

  // requests the list anew; the place at this height has to be there before it is shown
  async function load(height = 0) {
    for (const name of FILTERS) {
      if (filters[name]) parameters[name] = filters[name];
      else delete parameters[name];
    }
    await source.reset(height && Math.ceil(height / 20));
    source.loadAhead().catch(reportError);
  }
  source.onEntries = render;
  function render() {
    const { length } = source.entries;
    count.textContent = length ? `${length}${source.hasMore ? '+' : ''}` : '';
    if (isNarrowed()) status.textContent = length || !source.hasMore ? `${length} found` : '';
    tools.hidden = !length && !isNarrowed() && !source.hasMore;
    grid.element.hidden = !length;
    grid.update();
    if (!source.hasMore) selection.keepListed();
    replaceContent(footer, !length && !source.hasMore && emptyPage());
  }
  const limits = h('span', {});
  const emptyPage = () =>
    isNarrowed()
      ? h(
          'div',
          { class: 'empty' },
          h('h2', {}, 'Nothing found'),
          h('p', { class: 'muted' }, 'No picture has this name and these properties.'),
          h('button', { type: 'button', class: 'button', onclick: clearFilters }, 'Show all pictures'),
        )
      : h(
          'div',
          { class: 'empty' },
          h('div', { class: 'placeholders' }, ...[0.7, 1.5, 1].map((ratio) => h('i', { vars: { ratio } }))),
          h('h2', {}, 'No pictures yet'),
          h(
            'p',
            { class: 'muted' },
            `Drop photographs anywhere on this page, paste one, or choose files. Each upload is enhanced ${defaultOrder()}. `,
            limits,
          ),
        );

  let isRenderDue = false;
  // once for all pictures of a request
  function renderSoon() {
    if (isRenderDue) return;
    isRenderDue = true;
    queueMicrotask(() => {
      isRenderDue = false;
      render();
    });
  }
  const reload = () => {
    replaceQuery(filters);
    selection.clear();
    return load().catch(reportError);
  };
  // after uploads, which come many at a time; what is selected stays so
  const loadSoon = debounced(() => load(scrollY).catch(reportError), UPLOADS_PAUSE_MS, signal);
  on('images-changed', loadSoon, signal);
  const reportError = (error) => signal.aborted || showError(error);
  function clearFilters() {
    for (const name of ['search', 'state', 'tier']) filters[name] = '';
    search.value = '';
    for (const select of tools.querySelectorAll('select')) if (select.name !== 'order') select.value = '';
    reload();
    search.focus();
  }
  const searchSoon = debounced(
    () => {
      filters.search = search.value.trim();
      reload();
    },
    SEARCH_DELAY_MS,
    signal,
  );
  const search = h('input', {
    type: 'search',
    class: 'search',
    placeholder: 'Search by name',
    'aria-label': 'Search by name',
    value: filters.search,
    maxlength: 100,
    oninput: searchSoon,
  });
  const choice = (name, label, options) =>
    h(
      'select',
      {
        name,
        'aria-label': label,
        onchange: (event) => {
          filters[name] = event.target.value;
          reload();
        },
      },
      options.map(([value, text]) =>
        h('option', { value, selected: value === (filters[name] || options[0][0]) }, text),
      ),
    );
  const tools = h(
    'div',
    { class: 'tools', role: 'search', 'aria-label': 'Pictures' },
    search,
    choice('state', 'State', [['', 'All states'], ...Object.entries(STATES)]),
    choice('tier', 'Tier', [
      ['', 'All tiers'],
      ...tiersFor('enhancement').map(({ id }) => [id, `At ${tierById(id).name}`]),
    ]),
    choice('order', 'Order', Object.entries(ORDERS)),
    h('button', { type: 'button', class: 'button compact', onclick: openSelectDialog }, 'Select'),
  );

  function openSelectDialog() {
    const dateField = (name, text) =>
      h('label', { class: 'field' }, h('span', {}, text), h('input', { type: 'date', name }));
    openDialog({
      title: 'Select pictures',
      content: [
        h('p', { class: 'muted small' }, 'All that are listed, or those of some days.'),
        h('div', { class: 'row' }, dateField('from', 'From'), dateField('to', 'To')),
      ],
      action: 'Select',
      async onSubmit(form) {
        await source.loadAll();
        const from = form.get('from') ? new Date(`${form.get('from')}T00:00`) : new Date(0);
        const to = form.get('to') ? new Date(`${form.get('to')}T23:59:59.999`) : new Date(8e15);
        selection.add(
          source.entries
            .filter(({ createdAt }) => new Date(createdAt) >= from && new Date(createdAt) <= to)
            .map(({ id }) => id),
        );
      },
    });
  }

  enableDragging(
    grid.element,
    {
      onOver: (target) => markDropTarget(target, `Blend into ${grid.pictureOf(target.dataset.id)?.name ?? 'this'}`),
      onDrop: async (id, target) => {
        const [one, other] = await grid.picturesOf([target.dataset.id, id]);
        openBlendDialog(one, other);
      },
      onDropFile: async (file, target) => {
        const [picture] = await grid.picturesOf([target.dataset.id]);
        openBlendDialog(picture, { file, name: file.name, url: URL.createObjectURL(file) });
      },
    },
    signal,
  );
  const dropTarget = { text: `Each picture is enhanced ${defaultOrder()}`, onFiles: (files) => upload(files) };
  acceptFiles(dropTarget, signal);
  readLimits().then((found) => {
    if (!found) return;
    limits.textContent = describeLimits(found);
    dropTarget.text += `. ${limits.textContent}`;
  });
  on(
    'uploaded',
    ({ image }) => {
      const picture = toTile(image);
      const entry = { id: image.id, width: picture.width, height: picture.height, createdAt: new Date().toISOString() };
      if (isNarrowed() || filters.order) return loadSoon();
      if (source.prepend(entry)) renderSoon();
      return undefined;
    },
    signal,
  );
  on(
    'image-deleted',
    (id) => {
      selection.remove([id]);
      if (grid.indexOf(id) === undefined) return;
      source.remove([id]);
      render();
    },
    signal,
  );
  await load(history.state?.scroll);
  return [
    h(
      'div',
      { class: 'page-head' },
      h('h1', { 'data-title': 'Library' }, 'Library', count),
      fileButton('Upload pictures', (files) => upload(files)),
    ),
    tools,
    status,
    grid.element,
    footer,
    bar.element,
  ];
}
