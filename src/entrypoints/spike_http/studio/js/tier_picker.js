// The choice of tiers: price, size of the result, expected time. Tiers that the balance doesn't cover are disabled.

import { h } from './dom.js';
import { on } from './events.js';
import { isFinished } from './job_polling.js';
import { outputOptions } from './output_options.js';
import { expectedSeconds, formatDuration, formatSize, formatTokens, loadDurations, outputSize } from './tiers.js';
import { balance, timeToNextToken } from './wallet.js';

const TIERS_MAX = 3; // the API's limit for one request

// `sizes` are {width, height} of the pictures, as far as they are known; `count` is their number; `onChange(tiers, price)` is
// called with each choice; `durationsOf` says which jobs the expected time is computed from, as for `expectedSeconds`.
export function tierPicker(
  { tiers, sizes = [], multiple, count = 1, onChange = () => {}, chosen = [], durationsOf },
  signal,
) {
  const size = count === 1 ? sizes[0] : undefined;
  const enlarging = smallestThatEnlarges(tiers, sizes);
  const selected = new Set(
    multiple || !enlarging || enlarging.price * count > balance() || !chosen.every((id) => shrinks(tiers, id, sizes))
      ? chosen
      : [enlarging.id],
  );
  const element = h(
    'fieldset',
    { class: 'tiers' },
    h('legend', { class: 'visually-hidden' }, multiple ? 'Tiers' : 'Tier'),
  );
  const rows = tiers.map((tier) => {
    const input = h('input', {
      type: multiple ? 'checkbox' : 'radio',
      name: 'tier',
      value: tier.id,
      onchange: () => {
        if (!multiple) selected.clear();
        input.checked ? selected.add(tier.id) : selected.delete(tier.id);
        render();
      },
    });
    const sizeText = h('span', { class: 'size' });
    const durationText = h('span', { class: 'duration' });
    const reasonText = h('span', { class: 'reason' });
    element.append(
      h(
        'label',
        { class: 'tier' },
        input,
        h('strong', {}, tier.name),
        sizeText,
        durationText,
        h('span', { class: 'price' }, formatTokens(tier.price * count)),
        reasonText,
      ),
    );
    return { tier, input, sizeText, durationText, reasonText };
  });
  const output = outputOptions();
  const totalPrice = () =>
    tiers.filter((tier) => selected.has(tier.id)).reduce((sum, tier) => sum + tier.price * count, 0);

  function render() {
    for (const { tier, input, sizeText, durationText, reasonText } of rows) {
      const isSelected = selected.has(tier.id);
      const others = multiple ? totalPrice() - (isSelected ? tier.price * count : 0) : 0;
      const missing = others + tier.price * count - balance();
      const reason =
        missing > 0 && tier.price
          ? shortageText(missing)
          : multiple && !isSelected && selected.size === TIERS_MAX
            ? `Up to ${TIERS_MAX} at a time`
            : '';
      const output = size && outputSize(size, tier.side);
      input.disabled = Boolean(reason) && !isSelected;
      input.checked = isSelected;
      sizeText.textContent = output ? formatSize(output.width, output.height) : `${tier.side} px`;
      durationText.textContent = formatDuration(expectedSeconds(tier.id, durationsOf));
      reasonText.textContent = reason || sizeNote(tier, sizes, enlarging);
      reasonText.classList.toggle('note', !reason);
    }
    onChange([...selected], totalPrice());
  }
  render();
  on('wallet', render, signal);
  on('job', (job) => isFinished(job) && render(), signal);
  loadDurations().then(render, () => {});
  return {
    element,
    chosen: () => [...selected],
    options: output.element,
    output: output.values,
    price: totalPrice,
    clear() {
      selected.clear();
      render();
    },
  };
}

const longest = ({ width, height }) => Math.max(width, height);
const shrinks = (tiers, id, sizes) => sizes.some((size) => longest(size) > tiers.find((tier) => tier.id === id)?.side);
const smallestThatEnlarges = (tiers, sizes) =>
  [...tiers]
    .sort((one, other) => one.side - other.side || one.price - other.price)
    .find((tier) => sizes.length && sizes.every((size) => longest(size) < tier.side));

// says where a result would be smaller than its original, and which tier is the smallest that enlarges
function sizeNote(tier, sizes, enlarging) {
  const smaller = sizes.filter((size) => longest(size) > tier.side).length;
  if (smaller)
    return sizes.length === 1 ? 'Smaller than the original' : `Smaller than ${smaller} of ${sizes.length} originals`;
  return tier.id === enlarging?.id ? 'The smallest that enlarges' : '';
}

const shortageText = (missing) =>
  `${formatTokens(missing)} short${timeToNextToken() ? `, next token in ${timeToNextToken()}` : ''}`;
