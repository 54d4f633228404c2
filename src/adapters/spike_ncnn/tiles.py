"""Tiles: a large picture in parts that a network can hold."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from attrs import frozen

BYTES_PER_PIXEL: Final = 9_000  # of memory that waifu2x takes for one of its input, measured; SPAN takes less
SIDE_PX_MIN: Final = 32
SIDE_PX_MAX: Final = 256  # beyond, a tile leaves the processor's caches and takes longer per pixel


@frozen
class Tile:
    """A part of a picture: from the first row and column on, up to the second ones."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Where it is in an array of the picture."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def area_px(self) -> int:
        """How many pixels it has."""
        return (self.bottom - self.top) * (self.right - self.left)

    def scaled(self, scale: int) -> "Tile":
        """Return where it is in a picture that was enlarged so many times."""
        return Tile(self.top * scale, self.left * scale, self.bottom * scale, self.right * scale)

    def grown(self, margin_px: int, *, within: Sequence[int]) -> "Tile":
        """Return it with its surroundings, as far as there are any in a picture of this height and width."""
        return Tile(
            max(0, self.top - margin_px),
            max(0, self.left - margin_px),
            min(within[0], self.bottom + margin_px),
            min(within[1], self.right + margin_px),
        )

    def missing(self, margin_px: int, *, within: Sequence[int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return how much of a margin the picture doesn't have: above and below, left and right."""
        grown = self.grown(margin_px, within=within)
        return (
            (margin_px - (self.top - grown.top), margin_px - (grown.bottom - self.bottom)),
            (margin_px - (self.left - grown.left), margin_px - (grown.right - self.right)),
        )

    def inside(self, other: "Tile", *, scale: int) -> tuple[slice, slice]:
        """Return where it is in an enlarged array of another tile that holds it."""
        top, left = (self.top - other.top) * scale, (self.left - other.left) * scale
        return (
            slice(top, top + (self.bottom - self.top) * scale),
            slice(left, left + (self.right - self.left) * scale),
        )


def side_for(memory_bytes: int, *, context_px: int) -> int:
    """Return how long a tile's side may be, in pixels, so that it and its surroundings stay within the memory."""
    side = math.isqrt(memory_bytes // BYTES_PER_PIXEL) - 2 * context_px
    return min(SIDE_PX_MAX, max(SIDE_PX_MIN, side))


def tiles_of(height_px: int, width_px: int, *, side_px: int) -> list[Tile]:
    """Return tiles that cover a picture, row by row, none longer than `side_px` and all about as large."""
    rows, columns = _cuts(height_px, side_px), _cuts(width_px, side_px)
    return [Tile(top, left, bottom, right) for top, bottom in pairwise(rows) for left, right in pairwise(columns)]


def _cuts(length: int, side: int) -> list[int]:
    parts = math.ceil(length / side)
    return [length * part // parts for part in range(parts + 1)]
