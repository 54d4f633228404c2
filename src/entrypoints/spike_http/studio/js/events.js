// Events between modules. `on` calls the listener until the signal is aborted.

const target = new EventTarget();

export const emit = (name, detail) => target.dispatchEvent(new CustomEvent(name, { detail }));

export const on = (name, listener, signal) =>
  target.addEventListener(name, (event) => listener(event.detail), { signal });
