"""Tiles: parts of a large picture that fit in a network's memory."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from attrs import frozen

BYTES_PER_PIXEL: Final = 9_000  # of memory per input pixel of waifu2x, measured; SPAN takes less
SIDE_PX_MIN: Final = 32
SIDE_PX_MAX: Final = 256  # a larger tile exceeds the processor's caches and takes longer per pixel


@frozen
class Tile:
    """A rectangle of a picture, as half-open ranges of rows and columns."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """The tile's slices in an array of the picture."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def area_px(self) -> int:
        """The number of pixels."""
        return (self.bottom - self.top) * (self.right - self.left)

    def scaled(self, scale: int) -> "Tile":
        """Return the tile in the picture enlarged by `scale`."""
        return Tile(self.top * scale, self.left * scale, self.bottom * scale, self.right * scale)

    def grown(self, margin_px: int, *, within: Sequence[int]) -> "Tile":
        """Return the tile with a margin, clipped to a picture of this height and width."""
        return Tile(
            max(0, self.top - margin_px),
            max(0, self.left - margin_px),
            min(within[0], self.bottom + margin_px),
            min(within[1], self.right + margin_px),
        )

    def missing(self, margin_px: int, *, within: Sequence[int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return how much of a margin lies outside of the picture: above and below, left and right."""
        grown = self.grown(margin_px, within=within)
        return (
            (margin_px - (self.top - grown.top), margin_px - (grown.bottom - self.bottom)),
            (margin_px - (self.left - grown.left), margin_px - (grown.right - self.right)),
        )

    def inside(self, other: "Tile", *, scale: int) -> tuple[slice, slice]:
        """Return the tile's slices in an enlarged array of another tile that contains it."""
        top, left = (self.top - other.top) * scale, (self.left - other.left) * scale
        return (
            slice(top, top + (self.bottom - self.top) * scale),
            slice(left, left + (self.right - self.left) * scale),
        )


def side_for(memory_bytes: int, *, context_px: int) -> int:
    """Return the maximum side of a tile in pixels, for which it and its context fit in the memory."""
    side = math.isqrt(memory_bytes // BYTES_PER_PIXEL) - 2 * context_px
    return min(SIDE_PX_MAX, max(SIDE_PX_MIN, side))


def tiles_of(height_px: int, width_px: int, *, side_px: int) -> list[Tile]:
    """Return tiles of similar size that cover a picture, row by row, with no side above `side_px`."""
    rows, columns = _cuts(height_px, side_px), _cuts(width_px, side_px)
    return [Tile(top, left, bottom, right) for top, bottom in pairwise(rows) for left, right in pairwise(columns)]


def _cuts(length: int, side: int) -> list[int]:
    parts = math.ceil(length / side)
    return [length * part // parts for part in range(parts + 1)]
