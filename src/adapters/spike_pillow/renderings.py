"""Renderings: what a correct enhancement, reduced to its original's size, may show at a pixel.

Resampling loses some of what is a pixel wide, sharpening exaggerates it, halved chroma (4:2:0) smears colors and keeps
luminance, and a few engines shift everything by up to half a pixel. Values between these versions of the original are
acceptable; this module measures how far a pixel lies outside. Values are in sixteenths of 1 of 255.
"""

import math
from typing import Final, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from PIL.Image import Image

from spike_pillow.noise_statistics import sample_boxes

Planes: TypeAlias = NDArray[np.int16]  # rows x columns x channels

REACH_PX: Final = 3  # the distance of pixels that a pixel's renderings depend on
WHOLE: Final = 16  # of the values, for 1 of 255; also the sum of the smoothing kernel's weights
LUMA: Final = np.array([5, 9, 2], dtype=np.int16)  # in sixteenths: ITU-R BT.601, rounded
_WHITE: Final = 255 * WHOLE
_SHARPENED: Final = 2  # times what smoothing removes
_SHIFT_MAX: Final = 0.6  # of a pixel of the comparison
_SHIFT_MIN: Final = 0.1
_PARALLEL: Final = 0.001  # of a determinant: gradients in a single direction, which determine only half of a shift
_GRADIENT_MIN: Final = 1.0
_SIDE_PX_MIN: Final = 8
_COLORS: Final = 3


@frozen
class Shift:
    """The shift of a result against its original, in pixels of the comparison."""

    across: float = 0.0
    down: float = 0.0

    def __bool__(self) -> bool:
        """Whether the shift is significant."""
        return max(abs(self.across), abs(self.down)) > _SHIFT_MIN

    def of(self, planes: Planes) -> Planes:
        """Return planes moved by the shift, with repeated edges."""
        return _moved(_moved(planes, self.across, axis=1), self.down, axis=0)


def shift_between(result: Image, original: Image) -> Shift:
    """Estimate the shift between two pictures of one size from samples, to a tenth of a pixel.

    Least squares of the gradients (B. Lucas and T. Kanade, "An Iterative Image Registration Technique", 1981).
    """
    if min(original.size) < _SIDE_PX_MIN:
        return Shift()
    products = np.zeros((2, 2))
    moved = np.zeros(2)
    for box in sample_boxes(original.size):
        given, wanted = (np.asarray(picture.crop(box))[..., 1].astype(np.float32) for picture in (result, original))
        change = (given - wanted)[1:-1, 1:-1].ravel()
        gradients = np.stack(
            [
                ((wanted[1:-1, :-2] - wanted[1:-1, 2:]) / 2).ravel(),
                ((wanted[:-2, 1:-1] - wanted[2:, 1:-1]) / 2).ravel(),
            ]
        )
        products += gradients @ gradients.T
        moved += gradients @ change
    if min(products[0, 0], products[1, 1]) < _GRADIENT_MIN:
        return Shift()
    if np.linalg.det(products) < _PARALLEL * products[0, 0] * products[1, 1]:
        return Shift()
    across, down = np.clip(np.linalg.solve(products, moved), -_SHIFT_MAX, _SHIFT_MAX)
    return Shift(float(across), float(down))


def beyond_renderings(given: Planes, wanted: Planes, *, growth: float) -> Planes:
    """Return how far the worst channel of each pixel is from an acceptable value, in sixteenths.

    `growth` is the factor by which the result's sides are longer: halved chroma is smeared over two of its pixels.
    """
    exact = wanted * np.int16(WHOLE)
    slightly = smoothed(wanted)
    widely = smoothed((slightly + np.int16(WHOLE // 2)) >> 4)
    resampled = (exact + slightly) >> 1
    sharpened = np.clip(exact + _SHARPENED * (exact - widely), 0, _WHITE)
    smeared = exact + (_chroma(widely - exact) >> max(0, round(math.log2(growth))))
    versions = (resampled, sharpened, smeared)
    low, high = exact, exact
    for version in versions:
        low, high = np.minimum(low, version), np.maximum(high, version)
    shown = given * np.int16(WHOLE)
    beyond: Planes = np.maximum(shown - high, low - shown)
    return largest_channel(beyond)


def smoothed(planes: Planes) -> Planes:
    """Return the sums of three by three neighbors, weighted 1 2 1 in both directions; edges are repeated."""
    padded = np.pad(planes, [(0, 0), (1, 1), *[(0, 0)] * (planes.ndim - 2)], mode="edge")
    across = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    padded = np.pad(across, [(1, 1), (0, 0), *[(0, 0)] * (planes.ndim - 2)], mode="edge")
    both: Planes = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    return both


def largest_channel(planes: Planes) -> Planes:
    """Return the largest of all channels; much faster than `max(axis=2)`."""
    largest = planes[..., 0]
    for channel in range(1, planes.shape[2]):
        largest = np.maximum(largest, planes[..., channel])
    return largest


def _chroma(change: Planes) -> Planes:
    """Return the part of a change that preserves luminance and alpha."""
    luminance = ((change[..., :_COLORS] >> 4) * LUMA).sum(axis=2, dtype=np.int16)
    chroma = np.zeros_like(change)
    chroma[..., :_COLORS] = change[..., :_COLORS] - luminance[..., np.newaxis]
    return chroma


def _moved(planes: Planes, by: float, *, axis: int) -> Planes:
    part = np.int16(round(abs(by) * WHOLE))
    if not part:
        return planes
    index = np.arange(planes.shape[axis]) - (1 if by > 0 else -1)
    neighbors = np.take(planes, np.clip(index, 0, planes.shape[axis] - 1), axis=axis)
    moved: Planes = (planes * np.int16(WHOLE - part) + neighbors * part) >> 4
    return moved
