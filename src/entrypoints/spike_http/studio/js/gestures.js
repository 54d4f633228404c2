// Pointer gestures: drag with one pointer, pinch with two, wheel, and double tap or double click.

const DOUBLE_TAP_MS = 350;
const DOUBLE_TAP_PX = 30;

export function listenForGestures(element, { onPress, onDrag, onPinch, onRelease, onWheel, onDoubleTap }, signal) {
  const pointers = new Map();
  const pointOf = (event) => {
    const bounds = element.getBoundingClientRect();
    return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
  };
  const listen = (name, listener, options) => element.addEventListener(name, listener, { signal, ...options });

  listen('pointerdown', (event) => {
    if (event.button) return;
    pointers.set(event.pointerId, pointOf(event));
    element.setPointerCapture(event.pointerId);
    if (pointers.size === 1) onPress(pointOf(event), event.target);
  });
  listen('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = pointOf(event);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const distance = (from) => Math.max(10, Math.hypot(from.x - other.x, from.y - other.y));
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      onPinch(distance(now) / distance(before), middle, { x: (now.x - before.x) / 2, y: (now.y - before.y) / 2 });
    } else onDrag(now, { x: now.x - before.x, y: now.y - before.y });
    pointers.set(event.pointerId, now);
  });
  for (const name of ['pointerup', 'pointercancel']) {
    listen(name, (event) => pointers.delete(event.pointerId) && !pointers.size && onRelease());
  }
  listen(
    'wheel',
    (event) => {
      event.preventDefault();
      onWheel(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016) * (event.deltaMode ? 16 : 1)), pointOf(event));
    },
    { passive: false },
  );

  let lastTap = { x: 0, y: 0, timeMs: 0 };
  listen('pointerup', (event) => {
    const now = { ...pointOf(event), timeMs: event.timeStamp };
    const isDoubleTap =
      now.timeMs - lastTap.timeMs < DOUBLE_TAP_MS && Math.hypot(now.x - lastTap.x, now.y - lastTap.y) < DOUBLE_TAP_PX;
    lastTap = isDoubleTap ? { ...now, timeMs: 0 } : now;
    if (isDoubleTap) onDoubleTap(now);
  });
}
