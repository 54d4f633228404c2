// Pointers on the stage: one moves the divider or the picture, two zoom, a wheel zooms, a double click goes to the pixels.

const MOVES_PX = 3;

export function gestures(view, { grab, drag, pinch, end, wheel, twice }, signal) {
  const pointers = new Map();
  const at = (event) => {
    const box = view.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const listen = (name, act, options) => view.addEventListener(name, act, { signal, ...options });

  listen('pointerdown', (event) => {
    if (event.button) return;
    pointers.set(event.pointerId, at(event));
    view.setPointerCapture(event.pointerId);
    if (pointers.size === 1) grab(at(event), event.target);
  });
  listen('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const gap = (from) => Math.max(10, Math.hypot(from.x - other.x, from.y - other.y));
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      pinch(gap(now) / gap(before), middle, { x: (now.x - before.x) / 2, y: (now.y - before.y) / 2 });
    } else drag(now, { x: now.x - before.x, y: now.y - before.y });
    pointers.set(event.pointerId, now);
  });
  for (const name of ['pointerup', 'pointercancel']) {
    listen(name, (event) => pointers.delete(event.pointerId) && !pointers.size && end());
  }
  listen(
    'wheel',
    (event) => {
      event.preventDefault();
      wheel(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016) * (event.deltaMode ? 16 : 1)), at(event));
    },
    { passive: false },
  );

  let last = { x: 0, y: 0, when: 0 };
  listen('pointerup', (event) => {
    const now = { ...at(event), when: event.timeStamp };
    const isTwice = now.when - last.when < 350 && Math.hypot(now.x - last.x, now.y - last.y) < 10 * MOVES_PX;
    last = isTwice ? { ...now, when: 0 } : now;
    if (isTwice) twice(now);
  });
}
