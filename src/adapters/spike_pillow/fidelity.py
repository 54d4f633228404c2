"""Fidelity: a result compared with its original pixel by pixel.

Both are reduced to the smaller of their sizes and smoothed alike, tile by tile, which takes a few megabytes in addition
to the two pictures. numpy is imported with this module, so import it only for comparisons.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from PIL.Image import Image, Resampling
from PIL.ImageChops import difference

from spike_core.domain.color_grid import GRID_SIDE
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.fidelity import Comparison, Shares
from spike_imaging.bands import band_range
from spike_pillow.noise_statistics import DetailStatistics, measure_detail
from spike_pillow.renderings import (
    LUMA,
    REACH_PX,
    WHOLE,
    Planes,
    Shift,
    beyond_renderings,
    largest_channel,
    shift_between,
    smoothed,
)
from spike_pillow.roughness import roughness_excess
from spike_pillow.visibility import is_flat, shows_something

STRAY_MIN: Final = 32  # of 255
OFF_MIN: Final = 48  # of 255
CHANGED_MIN: Final = 64  # of 255
_PER_NOISE: Final = 0.75  # both grow by this per standard deviation of noise; smoothing leaves three eighths of it
_WINDOW_PX: Final = 32  # of the result: slightly more than the smallest burst to detect
_BLOCK_SIDES: Final = (2, 16)  # of the comparison; a window has two blocks per side
_TILE_PX: Final = 256
_MARGIN_PX: Final = REACH_PX  # the context that a tile needs
_OFF_PER_NOISE: Final = 1.5  # a pixel that isn't smoothed keeps all of its noise
_OVERSHOOT: Final = 1  # halvings of the local contrast: how far sharpening may leave the local range
_REDUCING_GAP: Final = 2.0
_RESAMPLED_GROWTH: Final = 1.5  # below it, fine patterns come out as each filter likes
_COUNTED: Final = ("stray", "changed", "off")


def compared(result: Image, original: Image) -> Comparison:
    """Compare two upright pictures in RGB or RGBA in sRGB."""
    result, original = _alike(result, original)
    size = (min(result.width, original.width), min(result.height, original.height))
    reduced, references = _reduced(result, size), [_reduced(original, size)]
    growth = max(result.width / size[0], result.height / size[1])
    if growth < _RESAMPLED_GROWTH:
        references.append(_reduced(original.resize(result.size, Resampling.LANCZOS), size))
    is_smaller = size != original.size
    del original
    shares = _counted(reduced, references, growth=growth, is_smaller=is_smaller)
    gaps = min((_cells(reduced) - _cells(reference) for reference in references), key=lambda gaps: np.abs(gaps).max())
    return Comparison(
        size=Dimensions(width_px=size[0], height_px=size[1]),
        result_is_blank=is_flat(result),
        original_is_blank=not all(shows_something(reference, growth=growth) for reference in references),
        stray=shares["stray"],
        changed=shares["changed"],
        off=shares["off"],
        roughness_excess=roughness_excess(result, references[0]),
        mean_gap=float(np.abs(gaps.mean(axis=(0, 1))).max()),
        cell_gap=float(np.abs(gaps).max()),
    )


def _alike(one: Image, other: Image) -> tuple[Image, Image]:
    """Return both premultiplied, so that hidden colors don't count, or both without alpha."""
    if one.mode == other.mode == "RGB":
        return one, other
    return _premultiplied(one), _premultiplied(other)


def _premultiplied(picture: Image) -> Image:
    return (picture if picture.mode == "RGBA" else picture.convert("RGBA")).convert("RGBa")


def _reduced(picture: Image, size: tuple[int, int]) -> Image:
    """Reduce with a filter that keeps features wider than a pixel in place, at odd factors too."""
    if picture.size == size:
        return picture
    return picture.resize(size, Resampling.HAMMING, reducing_gap=_REDUCING_GAP)


def _cells(picture: Image) -> NDArray[np.float32]:
    """Return the mean colors of equal cells."""
    return np.asarray(picture.resize((GRID_SIDE, GRID_SIDE), Resampling.BOX), dtype=np.float32)


def _block_px(growth: float) -> int:
    low, high = _BLOCK_SIDES
    return min(high, max(low, round(_WINDOW_PX / growth / 2)))


@frozen(kw_only=True)
class _Places:
    """Which pixels of a tile are stray, changed, or off."""

    stray: NDArray[np.bool_]
    changed: NDArray[np.bool_]
    off: NDArray[np.bool_]


@frozen(kw_only=True)
class _PixelChecker:
    """Checks pixels, given statistics of both whole pictures."""

    detail: DetailStatistics  # of the original
    shift: Shift
    growth: float
    is_smaller: bool  # the result than its original: fine patterns then depend on the filter

    def places(self, given: Planes, references: Sequence[Planes]) -> _Places:
        """Return the errors in the pixels `given`: what none of the references, the original's versions, shows."""
        allowance = self.detail.noise * _PER_NOISE
        medians = [_medians(references[0])] if self.detail.has_impulses else []
        versions = [*references, *medians]
        beyond = np.minimum.reduce([_beyond(smoothed(given), smoothed(reference)) for reference in references])
        gap = np.minimum.reduce([_gap(given, version) for version in versions])
        if self.shift:
            versions.append(self.shift.of(references[0]))
        return _Places(
            stray=beyond > WHOLE * (STRAY_MIN + allowance),
            changed=gap > WHOLE * (CHANGED_MIN + allowance),
            off=self._off(given, versions),
        )

    def _off(self, given: Planes, versions: Sequence[Planes]) -> NDArray[np.bool_]:
        off = np.full(given.shape[:2], fill_value=not self.is_smaller)
        allowed = WHOLE * (OFF_MIN + self.detail.noise * _OFF_PER_NOISE)
        for version in versions:
            if off.any():
                off &= beyond_renderings(given, version, growth=self.growth) > allowed
        return off


def _counted(result: Image, references: Sequence[Image], *, growth: float, is_smaller: bool) -> Mapping[str, Shares]:
    """Count the stray, changed and off pixels, tile by tile."""
    width, height = result.size
    checker = _PixelChecker(
        detail=measure_detail(references[0]),
        shift=shift_between(result, references[0]),
        growth=growth,
        is_smaller=is_smaller,
    )
    block_px = _block_px(growth)
    counts = {name: np.zeros((-(-height // block_px), -(-width // block_px)), dtype=np.int32) for name in _COUNTED}
    side = _TILE_PX // block_px * block_px
    for top, left in product(range(0, height, side), range(0, width, side)):
        tile = _Tile(left, top, min(left + side, width), min(top + side, height))
        if _largest_difference(result, references[0], tile) <= STRAY_MIN:
            continue  # smoothing can't increase a difference
        places = checker.places(_planes(result, tile), [_planes(reference, tile) for reference in references])
        for name, count in counts.items():
            count[tile.blocks(block_px)] = _by_block(tile.own(getattr(places, name)), block_px)
    return {name: _shares(count, result.size, block_px) for name, count in counts.items()}


@frozen
class _Tile:
    """A tile of a picture."""

    left: int
    top: int
    right: int
    bottom: int

    def with_margin(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Return the box of the tile and the surrounding pixels that it depends on."""
        left, top = max(0, self.left - _MARGIN_PX), max(0, self.top - _MARGIN_PX)
        return left, top, min(size[0], self.right + _MARGIN_PX), min(size[1], self.bottom + _MARGIN_PX)

    def own(self, planes: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the tile's own part of that box."""
        left, top = min(self.left, _MARGIN_PX), min(self.top, _MARGIN_PX)
        return planes[top : top + self.bottom - self.top, left : left + self.right - self.left]

    def blocks(self, side: int) -> tuple[slice, slice]:
        """Return the blocks in the tile."""
        return slice(self.top // side, -(-self.bottom // side)), slice(self.left // side, -(-self.right // side))


def _largest_difference(one: Image, other: Image, tile: _Tile) -> float:
    box = tile.with_margin(one.size)
    return max(band_range(band)[1] for band in difference(one.crop(box), other.crop(box)).split())


def _by_block(mask: NDArray[np.bool_], side: int) -> NDArray[np.int32]:
    padded = np.pad(mask, [(0, -length % side) for length in mask.shape])
    blocks = padded.reshape(padded.shape[0] // side, side, padded.shape[1] // side, side)
    counts: NDArray[np.int32] = blocks.sum(axis=(1, 3), dtype=np.int32)
    return counts


def _shares(counts: NDArray[np.int32], size: tuple[int, int], block_px: int) -> Shares:
    """Return the share of all pixels, and the share in the window of two by two blocks with the most."""
    windows = counts
    if counts.shape[0] > 1:
        windows = windows[:-1] + windows[1:]
    if counts.shape[1] > 1:
        windows = windows[:, :-1] + windows[:, 1:]
    window_px = min(2 * block_px, size[0]) * min(2 * block_px, size[1])
    return Shares(overall=float(counts.sum()) / (size[0] * size[1]), local=float(windows.max()) / window_px)


def _planes(picture: Image, tile: _Tile) -> Planes:
    return np.asarray(picture.crop(tile.with_margin(picture.size))).astype(np.int16)


def _beyond(given: Planes, wanted: Planes) -> Planes:
    """Return how far pixels lie outside the range of the other's neighborhood and an allowance for sharpening."""
    low, high = _extreme(wanted, np.minimum), _extreme(wanted, np.maximum)
    overshoot = (high - low) >> _OVERSHOOT
    beyond: Planes = np.maximum(given - high, low - given) - overshoot
    return largest_channel(beyond)


def _extreme(planes: Planes, of: np.ufunc) -> Planes:
    padded = np.pad(planes, ((0, 0), (1, 1), (0, 0)), mode="edge")
    across = of(of(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    padded = np.pad(across, ((1, 1), (0, 0), (0, 0)), mode="edge")
    both: Planes = of(of(padded[:-2], padded[1:-1]), padded[2:])
    return both


def _gap(given: Planes, wanted: Planes) -> Planes:
    """Return the difference of smoothed luminance, or of alpha."""
    difference = given - wanted
    luma: Planes = np.abs(smoothed((difference[..., :3] * LUMA).sum(axis=2, dtype=np.int16) >> 4))
    if difference.shape[2] == 3:  # noqa: PLR2004  # red, green, blue
        return luma
    return np.maximum(luma, np.abs(smoothed(difference[..., 3])))


# the exchanges that move the median of nine to the middle (J. L. Smith, "Implementing median filters", 1996)
_EXCHANGES: Final = (
    (1, 2), (4, 5), (7, 8), (0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8), (0, 3), (5, 8), (4, 7), (3, 6), (1, 4),
    (2, 5), (4, 7), (4, 2), (6, 4), (4, 2),
)  # fmt: skip


def _medians(planes: Planes) -> Planes:
    """Return the medians of three by three neighbors."""
    height, width = planes.shape[:2]
    padded = np.pad(planes, ((1, 1), (1, 1), (0, 0)), mode="edge")
    values = [padded[top : top + height, left : left + width] for top in range(3) for left in range(3)]
    for one, other in _EXCHANGES:
        low, high = np.minimum(values[one], values[other]), np.maximum(values[one], values[other])
        values[one], values[other] = low, high
    return values[4]
