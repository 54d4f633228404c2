// The choice of tiers: price, size of the result, expected time. Tiers that the balance doesn't cover are disabled.

import { h } from './dom.js';
import { on } from './events.js';
import { isFinished } from './job_polling.js';
import { expectedSeconds, formatDuration, formatSize, formatTokens, loadDurations, outputSize } from './tiers.js';
import { balance, timeToNextToken } from './wallet.js';

const TIERS_MAX = 3; // the API's limit for one request

// `size` is {width, height} of the picture, if there is just one; `count` is the number of pictures; `onChange(tiers, price)` is
// called with each choice; `durationsOf` says which jobs the expected time is computed from, as for `expectedSeconds`.
export function tierPicker(
  { tiers, size, multiple, count = 1, onChange = () => {}, chosen = [], durationsOf },
  signal,
) {
  const selected = new Set(chosen);
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
      reasonText.textContent = reason;
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
    price: totalPrice,
    clear() {
      selected.clear();
      render();
    },
  };
}

const shortageText = (missing) =>
  `${formatTokens(missing)} short${timeToNextToken() ? `, next token in ${timeToNextToken()}` : ''}`;
