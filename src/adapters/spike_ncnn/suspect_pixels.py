"""The pixels of a picture that must be reprocessed, by network."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from attrs import define, field

from spike_ncnn.pixel_arrays import Plane
from spike_ncnn.tiles import Tile
from spike_ncnn.wrong_results import REACH_PX, Mask, weights


@define(kw_only=True)
class Suspicion:
    """The suspects of a whole picture: for each network that has any, one byte per pixel of the input."""

    height_px: int
    width_px: int
    places: int = field(default=0, init=False)  # the number of tiles with suspects
    _masks: dict[str, Mask] = field(factory=dict, init=False, repr=False)

    def add(self, tile: Tile, found: Mapping[str, Mask]) -> None:
        """Add the suspects found in a tile."""
        for name, found_there in found.items():
            mask = self._masks.setdefault(name, np.zeros((self.height_px, self.width_px), np.bool_))
            mask[tile.slices] |= found_there
        self.places += bool(found)

    def around(self, tile: Tile) -> Collection[str]:
        """Return the networks with suspects in a tile, or near enough that it must be reprocessed."""
        place = tile.grown(REACH_PX, within=(self.height_px, self.width_px)).slices
        return frozenset(name for name, mask in self._masks.items() if mask[place].any())

    def weights(self, tile: Tile) -> Plane:
        """Return the share of each pixel of a tile that must be replaced, continuous across tiles."""
        area = tile.grown(REACH_PX, within=(self.height_px, self.width_px))
        union = np.zeros((area.bottom - area.top, area.right - area.left), np.bool_)
        for mask in self._masks.values():
            union |= mask[area.slices]
        return weights(union)[tile.inside(area, scale=1)]

    def parts(self, tile: Tile) -> Sequence[Tile]:
        """Return the smallest part of a tile that contains everything to reprocess in it; empty if there is nothing."""
        if not self.around(tile):
            return []
        replaced = self.weights(tile) > 0
        rows, columns = np.flatnonzero(replaced.any(axis=1)), np.flatnonzero(replaced.any(axis=0))
        if not rows.size:
            return []
        top, left, bottom, right = (int(each) for each in (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1))
        return [Tile(tile.top + top, tile.left + left, tile.top + bottom, tile.left + right)]
