// What has happened, for whoever wants to know: `on('wallet', …)` until the signal ends.

const bus = new EventTarget();

export const emit = (name, detail) => bus.dispatchEvent(new CustomEvent(name, { detail }));

export const on = (name, act, signal) => bus.addEventListener(name, (event) => act(event.detail), { signal });
