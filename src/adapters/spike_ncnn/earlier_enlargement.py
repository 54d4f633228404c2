"""Detection of an earlier enlargement, and its reversal: networks have more to work with on the picture before it.

An interpolated picture is what enlarging a smaller one yields. So the smaller one is sought by back-projection (M.
Irani and S. Peleg, "Improving Resolution by Image Registration", 1991): if its enlargement comes much closer to the
picture with each step, the picture was interpolated; one with detail of its own, or a blurred one, stays as far away.

Sizes to try are read from the picture. Interpolation smooths pixels the more, the farther they are from those that it
started from, so the second differences of rows and columns vary with a period that tells the factor (A. C. Gallagher,
"Detection of Linear and Cubic Interpolation in JPEG Compressed Images", 2005). A factor of 2 has no such period, and
others are hidden by compression or by Lanczos, so the usual ones are always tried.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray
from PIL.Image import Resampling, fromarray

from spike_ncnn.degradation import Degradation, measure
from spike_ncnn.noise import LUMA
from spike_ncnn.pixel_arrays import Pixels, Plane

PIXELS_MAX: Final = 4_000_000  # of a picture; larger ones are hardly enlarged, and would take much memory
_SIDE_PX_MIN: Final = 48
_FACTORS: Final = (1.15, 4.05)  # that are tried: less is worth nothing, and of more little is left
_USUAL: Final = ((3, 2), (2, 1), (3, 1), (4, 1))  # fractions that are always tried; 4/3 fits the blocks of a JPEG
_PART_PX: Final = 256  # of the middle, which is tried first
_STEPS: Final = 4
_NEARER_MIN: Final = 0.9  # of the distance: after the first step it must be less
_NEARER: Final = 0.66  # and after the last one; 0.8 to 0.95 for pictures that weren't enlarged
_BLOCK_PX: Final = 16
_BLOCK_MAX: Final = 6.0  # of 255: a part that is farther away, as sharp text is, was added later
_FEW: Final = 8  # colors, of 4096
_GRAPHIC_MIN: Final = 0.65  # the share of pixels that they have in text, and hardly in photographs
_REPEATED_MIN: Final = 0.25  # of rows and of columns; a third of them for 3/2
_ROUNDING: Final = 0.037  # the variance of luminance that is caused by rounding to whole colors
_SEEN_MIN: Final = 0.02  # of variance: with less, there is nothing to judge by
_FREQUENCY_MIN: Final = 0.14  # of a period of rows or columns; lower ones belong to the picture
_SMOOTHED_PX: Final = 9
_PEAK_MIN: Final = 4.0  # as a multiple of the median
_BLOCKS: Final = (0.25, 0.375)  # frequencies of a JPEG's blocks
_BLOCKS_MIN: Final = 0.75  # of a visible peak
_SAME: Final = 0.012  # frequencies of both directions that differ by no more are one

Size = tuple[int, int]  # width and height


@frozen(kw_only=True, eq=False)
class Source:
    """What the networks work on: a picture, or what it was enlarged from."""

    pixels: Pixels
    degradation: Degradation


def source_of(rgb: Pixels, *, table: Sequence[int] | None = None) -> Source:
    """Measure a picture, (height, width, 3) from 0 to 255, after undoing an earlier enlargement; see `measure`."""
    size = size_before(rgb)
    if size is None:
        return unreduced(rgb, table=table)
    pixels = reduced(rgb, size)
    return Source(pixels=pixels, degradation=evolve(measure(pixels), enlarged_by=rgb.shape[1] / size[0]))


def unreduced(rgb: Pixels, *, table: Sequence[int] | None = None) -> Source:
    """Measure a picture as it is; see `measure`."""
    return Source(pixels=rgb, degradation=measure(rgb, table=table))


def size_before(rgb: Pixels) -> Size | None:
    """Return the size that a picture, (height, width, 3) from 0 to 255, had before it was enlarged, if it was."""
    height, width = rgb.shape[:2]
    if min(height, width) < _SIDE_PX_MIN or height * width > PIXELS_MAX:
        return None
    luma = (rgb @ LUMA).astype(np.float32)
    found = min((size for size in _sizes(luma) if _is_enlarged_from(luma, size)), default=None)
    return None if found is None or _is_graphic(rgb) or _is_repeated(rgb) else found


def reduced(rgb: Pixels, size: Size) -> Pixels:
    """Return the picture of this size whose enlargement is closest to a picture."""
    planes = [_before(np.ascontiguousarray(rgb[..., color], np.float32), size) for color in range(rgb.shape[2])]
    made: Pixels = np.clip(np.stack(planes, axis=-1) + np.float32(0.5), 0, 255.5).astype(np.uint8)
    return made


def _is_graphic(rgb: Pixels) -> bool:
    """Return whether few colors cover most of a picture: squares, stripes and letters may fit a smaller lattice."""
    colors = (rgb >> 4).reshape(-1, 3) @ np.array([256, 16, 1])
    return float(np.sort(np.bincount(colors))[-_FEW:].sum()) >= _GRAPHIC_MIN * len(colors)


def _is_repeated(rgb: Pixels) -> bool:
    """Return whether rows and columns are repeated exactly, as nearest neighbor does: squares aren't interpolated."""
    columns = (rgb[:, 1:] == rgb[:, :-1]).all(axis=(0, 2))
    rows = (rgb[1:] == rgb[:-1]).all(axis=(1, 2))
    return bool(min(columns.mean(), rows.mean()) >= _REPEATED_MIN)


def _before(plane: Plane, size: Size) -> Plane:
    small = _resized(plane, size, Resampling.LANCZOS)
    for _ in range(_STEPS):
        small = small + _resized(_difference(plane, small), size)
    return small


def _is_enlarged_from(luma: Plane, size: Size) -> bool:
    height, width = luma.shape
    for larger, smaller in _USUAL:
        if size[0] * larger == width * smaller and size[1] * larger == height * smaller:
            # its pixels are at the same places in any part that begins at a multiple of the numerator
            part = luma[_middle(height, of=larger), _middle(width, of=larger)]
            if not _comes_nearer(part, (part.shape[1] * smaller // larger, part.shape[0] * smaller // larger)):
                return False
    return _comes_nearer(luma, size)


def _comes_nearer(luma: Plane, size: Size) -> bool:
    rounding = _ROUNDING * (1 - size[0] * size[1] / luma.size)
    small = _resized(luma, size, Resampling.LANCZOS)
    difference = _difference(luma, small)
    first = float((difference**2).mean()) - rounding
    if first < _SEEN_MIN:
        return False
    for step in range(_STEPS):
        small = small + _resized(difference, size)
        difference = _difference(luma, small)
        if step == 0 and float((difference**2).mean()) - rounding > first * _NEARER_MIN**2:
            return False
    last = float((difference**2).mean()) - rounding
    return last < first * _NEARER**2 and _farthest_block(difference) < _BLOCK_MAX


def _farthest_block(difference: Plane) -> float:
    down, across = (side // _BLOCK_PX for side in difference.shape)
    blocks = difference[: down * _BLOCK_PX, : across * _BLOCK_PX].reshape(down, _BLOCK_PX, across, _BLOCK_PX)
    return float(np.sqrt((blocks**2).mean(axis=(1, 3)).max()))


def _difference(plane: Plane, small: Plane) -> Plane:
    difference: Plane = plane - _resized(small, (plane.shape[1], plane.shape[0]))
    return difference


def _resized(plane: Plane, size: Size, by: Resampling = Resampling.BICUBIC) -> Plane:
    return np.asarray(fromarray(plane).resize(size, by))


def _middle(side_px: int, *, of: int) -> slice:
    """Return a part from the middle that begins and ends at multiples of a number, as the side does."""
    start = max(0, (side_px - _PART_PX) // 2 // of * of)
    return slice(start, start + min(side_px, _PART_PX // of * of))


def _sizes(luma: Plane) -> set[Size]:
    """Return the sizes to try."""
    height, width = luma.shape
    sizes = {
        (width * smaller // larger, height * smaller // larger)
        for larger, smaller in _USUAL
        if width % larger == height % larger == 0
    }
    across, down = _period(luma), _period(luma.T)
    if across and down and abs(across - down) < _SAME:
        frequency = (across + down) / 2
        for share in (frequency, 1 - frequency):  # enlarged more than twice, or less
            if _FACTORS[0] <= 1 / share <= _FACTORS[1]:
                sizes.add((round(width * share), round(height * share)))
    return sizes


def _period(luma: Plane) -> float:
    """Return the frequency, per pixel, at which columns are smooth by turns; 0 for none."""
    second = np.abs(luma[:, :-2] - 2 * luma[:, 1:-1] + luma[:, 2:]).mean(axis=0)
    level = np.log(second.astype(np.float64) + 0.05)
    around = np.pad(level, _SMOOTHED_PX // 2, mode="edge")
    level = level - np.convolve(around, np.full(_SMOOTHED_PX, 1 / _SMOOTHED_PX), "valid")
    power: NDArray[np.float64] = np.abs(np.fft.rfft(level * np.hanning(len(level))))
    lowest = int(np.ceil(_FREQUENCY_MIN * len(level)))
    peak = lowest + int(np.argmax(power[lowest:-1]))
    visible = _PEAK_MIN * np.median(power[lowest:])
    if power[peak] < visible or power[peak] == 0 or _has_blocks(power, visible):
        return 0.0
    before, at, after = np.log(power[peak - 1 : peak + 2] + 1e-9)
    curvature = before - 2 * at + after
    shift = 0.5 * (before - after) / curvature if curvature else 0.0
    return float((peak + np.clip(shift, -0.5, 0.5)) / len(level))


def _has_blocks(power: NDArray[np.float64], visible: float) -> bool:
    """Return whether several multiples of an eighth stand out: the blocks of a JPEG."""
    places = [round(2 * (len(power) - 1) * share) for share in _BLOCKS]
    return all(power[place - 1 : place + 2].max() > _BLOCKS_MIN * visible for place in places)
