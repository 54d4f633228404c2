// Format, quality, strength and mode of results, behind "More": what the server offers, and nothing unless something is chosen.

import { h } from './dom.js';
import { outputOffer } from './tiers.js';

const FORMATS = { jpeg: 'JPEG', png: 'PNG, without loss', webp: 'WebP', avif: 'AVIF' };
const MODES = { faithful: 'Faithful', vivid: 'Vivid: invents plausible detail' };

// Returns {element, values()}: the body's fields that were chosen. Creations have neither strength nor mode.
export function outputOptions({ isCreation = false } = {}) {
  const { formats = [], modes = [], hasStrength = false } = outputOffer();
  if (!formats.length && modes.length < 2 && !hasStrength) return { element: undefined, values: () => ({}) };
  const select = (name, label, options) =>
    h(
      'label',
      { class: 'field' },
      h('span', {}, label),
      h(
        'select',
        { name, onchange: render },
        options.map(([value, text]) => h('option', { value }, text)),
      ),
    );
  const number = (name, label, min, hint) =>
    h(
      'label',
      { class: 'field' },
      h('span', {}, label),
      h('input', { type: 'number', name, min, max: 100, step: 1, placeholder: hint, inputmode: 'numeric' }),
    );
  const format =
    formats.length > 0 &&
    select('format', 'Format', [
      ['', 'JPEG, or PNG if it is transparent'],
      ...formats.map((id) => [id, FORMATS[id] ?? id]),
    ]);
  const quality = formats.length > 0 && number('quality', 'Quality, 1 to 100', 1, '95');
  const strength = hasStrength && !isCreation && number('strength', 'Noise reduction, 0 to 100', 0, 'Automatic');
  const mode =
    modes.length > 1 &&
    !isCreation &&
    select(
      'mode',
      'Mode',
      modes.map((id) => [id === 'faithful' ? '' : id, MODES[id] ?? id]),
    );
  const element = h(
    'details',
    { class: 'disclosure more' },
    h('summary', {}, 'More'),
    h('div', { class: 'stack tight' }, [format, quality, strength, mode].filter(Boolean)),
  );
  const chosen = (name) => element.querySelector(`[name="${name}"]`)?.value ?? '';
  function render() {
    // PNG is lossless and has no quality
    const input = element.querySelector('[name="quality"]');
    if (!input) return;
    input.disabled = chosen('format') === 'png';
    if (input.disabled) input.value = '';
  }
  return {
    element,
    values: () => ({
      ...(chosen('format') && { format: chosen('format') }),
      ...(chosen('quality') && { quality: Number(chosen('quality')) }),
      ...(chosen('strength') && { strength: Number(chosen('strength')) }),
      ...(chosen('mode') && { mode: chosen('mode') }),
    }),
  };
}
