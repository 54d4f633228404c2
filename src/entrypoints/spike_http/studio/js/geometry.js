// The placement of a picture in a view: {scale, x, y}, in CSS pixels. Pure functions.

export const fitScale = (view, picture) => Math.min(view.width / picture.width, view.height / picture.height);

export const centered = (view, picture, scale) => ({
  scale,
  x: (view.width - picture.width * scale) / 2,
  y: (view.height - picture.height * scale) / 2,
});

// Zooms around a point, which keeps its position.
export function zoomAround(placement, factor, point, { min, max }) {
  const scale = Math.min(max, Math.max(min, placement.scale * factor));
  const ratio = scale / placement.scale;
  return { scale, x: point.x - (point.x - placement.x) * ratio, y: point.y - (point.y - placement.y) * ratio };
}

// Along each axis: a picture larger than the view covers it, a smaller one is centered.
export function clamped(placement, view, picture) {
  const clampOffset = (offset, available, length) =>
    length <= available ? (available - length) / 2 : Math.min(0, Math.max(available - length, offset));
  return {
    scale: placement.scale,
    x: clampOffset(placement.x, view.width, picture.width * placement.scale),
    y: clampOffset(placement.y, view.height, picture.height * placement.scale),
  };
}

// The divider's x in the view; `share` is a fraction of the visible width of the picture.
export function dividerX(share, placement, view, picture) {
  const left = Math.max(0, placement.x);
  const right = Math.min(view.width, placement.x + picture.width * placement.scale);
  return left + share * (right - left);
}

// The inverse of `dividerX`.
export function dividerShare(x, placement, view, picture) {
  const left = Math.max(0, placement.x);
  const right = Math.min(view.width, placement.x + picture.width * placement.scale);
  return right > left ? Math.min(1, Math.max(0, (x - left) / (right - left))) : 0.5;
}
