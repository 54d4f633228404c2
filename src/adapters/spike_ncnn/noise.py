"""Estimation of a picture's noise, as distinct from texture.

Patches of a picture vary in few directions, while white noise varies in all of them equally: the smallest eigenvalues
of the covariance of small patches are the noise's variance (G. Chen, F. Zhu and P. A. Heng, "An Efficient Statistical
Method for Image Noise Level Estimation", 2015). Colors are taken together, because texture hardly differs between them.
Half the size halves white noise. A sensor's, which interpolation of its mosaic made coarse, is hidden at full size and
remains at half: there it is estimated by the differences between colors, in quiet blocks. Noise that is equal in all
colors, as in gray pictures and of film, shows in neither; it is estimated by the luminance of quiet blocks.

In blocks, a second-order difference removes everything smooth (J. Immerkaer, "Fast Noise Variance Estimation", 1996).
Noise is the same in all of them, which texture isn't: where the median block hardly exceeds the quietest tenth, even
weak noise is certain.
"""

import math
from collections.abc import Sequence
from itertools import product
from typing import Final, Self

import numpy as np
from attrs import fields, frozen

from spike_ncnn.pixel_arrays import Plane

LUMA: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601
_PATCH_PX: Final = 5
_PATCHES: Final = 9_000  # about as many are taken from a region, evenly spread
_BLOCK_PX: Final = 8
_QUIET, _MEDIAN = 0.1, 0.5  # quantiles of blocks
_SMALL_BLOCK_PX: Final = 4
_LIVELY: Final = 0.75
_GAIN: Final = 6.0  # the root of the kernel's sum of squares: the result for noise of 1
_MEAN: Final = 0.798  # the mean of absolute values of normal noise of 1
_DARK, _LIGHT = 8.0, 247.0  # of 255; beyond these, noise is clipped


@frozen(kw_only=True)
class NoiseEstimate:
    """Estimated standard deviations of noise, of 255, and what they are compared with."""

    fine: float  # of each color's own noise at full size, by patches
    half: float  # the same at half size, times two: equal to `fine` if the noise is white
    color: float  # of each color's own noise at half size, times two, in the quietest tenth of all blocks
    gray: float  # of luminance, in the quietest tenth of all blocks
    spread: float  # of luminance, in the median block, as a multiple of `gray`: 1.2 to 1.35 for nothing but noise
    half_spread: float  # the same at half size, where a smooth picture shows its texture
    contrast: float  # of luminance: its range in small blocks at half size, in all but the liveliest quarter of them
    detail: float  # of luminance, everywhere: mostly texture and edges

    @classmethod
    def median_of(cls, estimates: "Sequence[NoiseEstimate]") -> Self:
        """Return the medians of the estimates for parts of a picture."""
        return cls(
            **{
                each.name: float(np.median([getattr(estimate, each.name) for estimate in estimates]))
                for each in fields(cls)
            }
        )


def estimate_noise(rgb: Plane) -> NoiseEstimate:
    """Estimate the noise of a picture, (height, width, 3) from 0 to 255, with sides of at least 24 pixels."""
    halved, luma = _halved(rgb), rgb @ LUMA
    halved_luma = halved @ LUMA
    gray, spread = _in_blocks(luma, luma)
    contrasts = [(halved[..., other] - halved[..., 1]) / np.float32(np.sqrt(2)) for other in (0, 2)]
    return NoiseEstimate(
        fine=_in_patches(rgb),
        half=2 * _in_patches(halved),
        color=2 * float(np.mean([_in_blocks(contrast, halved[..., 1])[0] for contrast in contrasts])),
        gray=gray,
        spread=spread,
        half_spread=_in_blocks(halved_luma, halved_luma)[1],
        contrast=_contrast(halved_luma),
        detail=float(np.abs(_second_difference(luma)).mean()) / _MEAN,
    )


def _in_patches(rgb: Plane) -> float:
    """Return the deviation that is the same in as many directions as possible.

    Noise is what the lowest eigenvalues have in common: they are taken from below until their mean exceeds their
    median, as it does when texture is among them.
    """
    patches = _patches(rgb)
    mean = patches.mean(axis=1, keepdims=True)
    covariance = (patches @ patches.T).astype(np.float64) / patches.shape[1] - (mean @ mean.T).astype(np.float64)
    variances = np.linalg.eigvalsh(covariance)
    count = np.arange(1, len(variances) + 1)
    means = np.cumsum(variances) / count
    medians = (variances[(count - 1) // 2] + variances[count // 2]) / 2
    return float(np.sqrt(max(0.0, means[np.flatnonzero(means <= medians)[-1]])))


def _patches(rgb: Plane) -> Plane:
    """Return patches, evenly spread, one in each column."""
    height, width = (side - _PATCH_PX + 1 for side in rgb.shape[:2])
    step = max(1, round((height * width / _PATCHES) ** 0.5))
    planes = np.ascontiguousarray(rgb.transpose(2, 0, 1))
    planes = planes - planes.mean(axis=(1, 2), keepdims=True)  # squares of small values are exact enough
    places = list(product(range(rgb.shape[2]), range(_PATCH_PX), range(_PATCH_PX)))
    patches = np.empty((len(places), -(-height // step), -(-width // step)), np.float32)
    for patch, (color, row, column) in zip(patches, places, strict=True):
        patch[:] = planes[color, row : row + height : step, column : column + width : step]
    return patches.reshape(len(places), -1)


def _in_blocks(plane: Plane, luma: Plane) -> tuple[float, float]:
    """Return the deviation in the quietest tenth of all blocks, and the median one's as a multiple of it."""
    detail = _second_difference(plane)
    down, across = (side // _BLOCK_PX for side in detail.shape)
    height, width = down * _BLOCK_PX, across * _BLOCK_PX
    shape = (down, _BLOCK_PX, across, _BLOCK_PX)
    deviations = np.sqrt((detail[:height, :width].reshape(shape) ** 2).mean(axis=(1, 3)))
    means = luma[1 : height + 1, 1 : width + 1].reshape(shape).mean(axis=(1, 3))
    lit = (means > _DARK) & (means < _LIGHT)
    quiet, median = np.quantile(deviations[lit] if lit.any() else deviations, (_QUIET, _MEDIAN))
    return float(quiet), float(median / quiet) if quiet > 0 else math.inf


def _contrast(plane: Plane) -> float:
    """Return the range of values that all but the liveliest quarter of small blocks don't exceed."""
    down, across = (side // _SMALL_BLOCK_PX for side in plane.shape)
    blocks = plane[: down * _SMALL_BLOCK_PX, : across * _SMALL_BLOCK_PX].reshape(
        down, _SMALL_BLOCK_PX, across, _SMALL_BLOCK_PX
    )
    return float(np.quantile(np.ptp(blocks, axis=(1, 3)), _LIVELY))


def _second_difference(plane: Plane) -> Plane:
    rows = plane[:-2] - 2 * plane[1:-1] + plane[2:]
    both: Plane = (rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]) / np.float32(_GAIN)
    return both


def _halved(rgb: Plane) -> Plane:
    even = rgb[: rgb.shape[0] // 2 * 2, : rgb.shape[1] // 2 * 2]
    rows: Plane = even[::2] + even[1::2]
    halved: Plane = (rows[:, ::2] + rows[:, 1::2]) / np.float32(4)
    return halved
