// Events between modules. `on` calls the listener until the signal is aborted.

const target = new EventTarget();

export const emit = (name, detail) => target.dispatchEvent(new CustomEvent(name, { detail }));

export const on = (name, listener, signal) =>
  target.addEventListener(name, (event) => listener(event.detail), { signal });

// Returns a function that calls `work` once it hasn't been called itself for so long, unless the view was left meanwhile.
export function debounced(work, pauseMs, signal) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => signal.aborted || work(), pauseMs);
  };
}
