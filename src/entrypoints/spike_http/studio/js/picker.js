// The choice of tiers: price, size of the result, expected time; what the wallet can't pay is disabled, and says why.

import { on } from './bus.js';
import { h } from './dom.js';
import { duration, expectedSeconds, learnt, outputSize, times, tokens } from './tiers.js';
import { balance, untilNext } from './wallet.js';
import { hasEnded } from './watch.js';

const MOST = 3; // the API's, of several at once

// `size` is the picture's, where there is one; `count` is how many pictures are meant; `changed(tiers, price)` hears of choices;
// `about` is what expected times are learnt from.
export function tierPicker({ tiers, size, many, count = 1, changed = () => {}, chosen = [], about }, signal) {
  const picked = new Set(chosen);
  const element = h('fieldset', { class: 'tiers' }, h('legend', { class: 'unseen' }, many ? 'Tiers' : 'Tier'));
  const rows = tiers.map((tier) => {
    const input = h('input', {
      type: many ? 'checkbox' : 'radio',
      name: 'tier',
      value: tier.id,
      onchange: () => {
        if (!many) picked.clear();
        input.checked ? picked.add(tier.id) : picked.delete(tier.id);
        draw();
      },
    });
    const facts = h('span', { class: 'size' });
    const lasts = h('span', { class: 'lasts' });
    const why = h('span', { class: 'why' });
    element.append(
      h(
        'label',
        { class: 'tier' },
        input,
        h('strong', {}, tier.name),
        facts,
        lasts,
        h('span', { class: 'price' }, tokens(tier.price * count)),
        why,
      ),
    );
    return { tier, input, facts, lasts, why };
  });
  const prices = () => tiers.filter((tier) => picked.has(tier.id)).reduce((sum, tier) => sum + tier.price * count, 0);

  function draw() {
    for (const { tier, input, facts, lasts, why } of rows) {
      const isOn = picked.has(tier.id);
      const others = many ? prices() - (isOn ? tier.price * count : 0) : 0;
      const short = others + tier.price * count - balance();
      const reason =
        short > 0 && tier.price ? shortage(short) : many && !isOn && picked.size === MOST ? `${MOST} at a time` : '';
      const out = size && outputSize(size, tier.side);
      input.disabled = Boolean(reason) && !isOn;
      input.checked = isOn;
      facts.textContent = out ? times(out.width, out.height) : `${tier.side} px`;
      lasts.textContent = duration(expectedSeconds(tier.id, about));
      why.textContent = reason;
    }
    changed([...picked], prices());
  }
  draw();
  on('wallet', draw, signal);
  on('job', (job) => hasEnded(job) && draw(), signal);
  learnt().then(draw, () => {});
  return {
    element,
    chosen: () => [...picked],
    price: prices,
    clear() {
      picked.clear();
      draw();
    },
  };
}

const shortage = (short) => `${tokens(short)} short${untilNext() ? `, the next comes in ${untilNext()}` : ''}`;
