// Where a picture lies in a view: scale and offset, in CSS pixels. Pure functions; `lie` is {scale, x, y}.

export const fitScale = (view, picture) => Math.min(view.width / picture.width, view.height / picture.height);

export const centred = (view, picture, scale) => ({
  scale,
  x: (view.width - picture.width * scale) / 2,
  y: (view.height - picture.height * scale) / 2,
});

// Zooms about a point, which stays where it is.
export function zoomed(lie, factor, point, { least, most }) {
  const scale = Math.min(most, Math.max(least, lie.scale * factor));
  const ratio = scale / lie.scale;
  return { scale, x: point.x - (point.x - lie.x) * ratio, y: point.y - (point.y - lie.y) * ratio };
}

// A side that is larger than the view covers it; a smaller one is in its middle.
export function kept(lie, view, picture) {
  const hold = (offset, room, length) =>
    length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, offset));
  return {
    scale: lie.scale,
    x: hold(lie.x, view.width, picture.width * lie.scale),
    y: hold(lie.y, view.height, picture.height * lie.scale),
  };
}

// The divider's place in the view, for a share of what is seen of the picture.
export function cutAt(share, lie, view, picture) {
  const left = Math.max(0, lie.x);
  const right = Math.min(view.width, lie.x + picture.width * lie.scale);
  return left + share * (right - left);
}

export function shareAt(x, lie, view, picture) {
  const left = Math.max(0, lie.x);
  const right = Math.min(view.width, lie.x + picture.width * lie.scale);
  return right > left ? Math.min(1, Math.max(0, (x - left) / (right - left))) : 0.5;
}
