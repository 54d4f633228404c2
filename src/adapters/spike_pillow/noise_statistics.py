"""Statistics of a picture's finest detail: its noise, and whether it has isolated pixels."""

from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from PIL.Image import Image

NOISE_MAX: Final = 40.0  # of 255: anything above is texture, which tolerances don't follow
IMPULSES_MIN: Final = 0.005  # a share of pixels, more than in a picture of stars
_SAMPLES: Final = 4  # in a row, and rows
_SAMPLE_PX: Final = 192
_GAIN: Final = 6.0  # the root of the kernel's sum of squares: the result for noise of 1
_MAD: Final = 0.6745  # the median of absolute values of normal noise of 1
_IMPULSE_MIN: Final = 48  # of 255, beyond all eight neighbors
_SIDE_PX_MIN: Final = 3


@frozen(kw_only=True)
class DetailStatistics:
    """Statistics of samples of a picture."""

    noise: float  # a standard deviation, of 255
    has_impulses: bool  # salt-and-pepper noise


def measure_detail(picture: Image) -> DetailStatistics:
    """Measure evenly spread samples of a picture, which takes a few megabytes, whatever its size.

    The noise is the median of a second-order difference, which removes everything smooth (J. Immerkaer, "Fast Noise
    Variance Estimation", 1996); texture may add to it.
    """
    if min(picture.size) < _SIDE_PX_MIN:
        return DetailStatistics(noise=0.0, has_impulses=False)
    greens = [_green(picture, box) for box in sample_boxes(picture.size)]
    details = np.concatenate([np.abs(_second_difference(green)).ravel() for green in greens])
    impulses = np.concatenate([_impulses(green).ravel() for green in greens])
    return DetailStatistics(
        noise=min(NOISE_MAX, float(np.median(details)) / _GAIN / _MAD),
        has_impulses=float(impulses.mean()) >= IMPULSES_MIN,
    )


def sample_boxes(size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Return the boxes of evenly spread samples of a picture."""
    lefts, tops = (
        sorted({(side - min(side, _SAMPLE_PX)) * n // (_SAMPLES - 1) for n in range(_SAMPLES)}) for side in size
    )
    return [
        (left, top, min(left + _SAMPLE_PX, size[0]), min(top + _SAMPLE_PX, size[1])) for left in lefts for top in tops
    ]


def _green(picture: Image, box: tuple[int, int, int, int]) -> NDArray[np.int16]:
    return np.asarray(picture.crop(box))[..., 1].astype(np.int16)


def _second_difference(plane: NDArray[np.int16]) -> NDArray[np.int16]:
    rows = plane[:-2] - 2 * plane[1:-1] + plane[2:]
    both: NDArray[np.int16] = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return both


def _impulses(plane: NDArray[np.int16]) -> NDArray[np.bool_]:
    height, width = (side - 2 for side in plane.shape)
    around = [plane[y : y + height, x : x + width] for y in range(3) for x in range(3) if (x, y) != (1, 1)]
    middle = plane[1:-1, 1:-1]
    above = middle > np.maximum.reduce(around) + _IMPULSE_MIN
    below = middle < np.minimum.reduce(around) - _IMPULSE_MIN
    both: NDArray[np.bool_] = above | below
    return both
