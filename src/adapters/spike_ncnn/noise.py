"""Estimation of a picture's noise, as distinct from texture.

All three estimates use the same second-order difference, which removes everything smooth (J. Immerkaer, "Fast Noise
Variance Estimation", 1996). Noise is everywhere, so the quietest blocks show it; a sensor's noise differs between
colors, while texture hardly does; and noise decreases when a picture is halved, while texture remains. No estimate
suffices alone: a picture full of texture has no quiet block, grain may be equal in all colors, and JPEG removes most of
either.
"""

from collections.abc import Sequence
from typing import Final, Self

import numpy as np
from attrs import frozen

from spike_ncnn.arrays import Plane

LUMA: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601
_LUMA_NOISE: Final = float(np.linalg.norm(LUMA))  # the noise of luminance if each color has noise of 1
_BLOCK_PX: Final = 8
_QUIET: Final = 0.1  # the quantile of blocks
_GAIN: Final = 6.0  # the root of the kernel's sum of squares: the result for noise of 1
_MAD: Final = 0.6745  # the median of absolute values of normal noise of 1
_DARK, _LIGHT = 8.0, 247.0  # of 255; beyond these, noise is clipped
_COLOR_MIN: Final = 1.2  # clean pictures have as much


@frozen(kw_only=True)
class NoiseEstimate:
    """Estimated standard deviations of noise, of 255."""

    quiet: float  # of luminance, in the quietest tenth of all blocks
    color: float  # of the differences between colors, converted to that of each color's own noise
    coarse: float  # of luminance, everywhere, after halving the picture

    @property
    def deviation(self) -> float:
        """The most likely deviation of each color's noise; includes some texture if there are no quiet blocks."""
        return self.color if self.color >= _COLOR_MIN else min(self.quiet, 2 * self.coarse)

    @classmethod
    def median_of(cls, estimates: "Sequence[NoiseEstimate]") -> Self:
        """Return the medians of the estimates for parts of a picture."""
        return cls(
            quiet=float(np.median([each.quiet for each in estimates])),
            color=float(np.median([each.color for each in estimates])),
            coarse=float(np.median([each.coarse for each in estimates])),
        )


def estimate_noise(rgb: Plane) -> NoiseEstimate:
    """Estimate the noise of a picture, (height, width, 3) from 0 to 255, with sides of at least 24 pixels."""
    luma = rgb @ LUMA
    contrasts = [(rgb[..., other] - rgb[..., 1]) / np.float32(np.sqrt(2)) for other in (0, 2)]
    return NoiseEstimate(
        quiet=_in_quiet_blocks(luma),
        color=float(np.mean([_everywhere(contrast) for contrast in contrasts])),
        coarse=_everywhere(_halved(luma)),
    )


def _everywhere(plane: Plane) -> float:
    return float(np.median(np.abs(_second_difference(plane)))) / _MAD


def _in_quiet_blocks(luma: Plane) -> float:
    detail = _second_difference(luma)
    down, across = (side // _BLOCK_PX for side in detail.shape)
    height, width = down * _BLOCK_PX, across * _BLOCK_PX
    shape = (down, _BLOCK_PX, across, _BLOCK_PX)
    deviations = np.sqrt((detail[:height, :width].reshape(shape) ** 2).mean(axis=(1, 3)))
    means = luma[1 : height + 1, 1 : width + 1].reshape(shape).mean(axis=(1, 3))
    lit = (means > _DARK) & (means < _LIGHT)
    return float(np.quantile(deviations[lit] if lit.any() else deviations, _QUIET))


def _second_difference(plane: Plane) -> Plane:
    rows = plane[:-2] - 2 * plane[1:-1] + plane[2:]
    both: Plane = (rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]) / np.float32(_GAIN)
    return both


def _halved(plane: Plane) -> Plane:
    height, width = (side // 2 for side in plane.shape)
    halved: Plane = plane[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean(axis=(1, 3))
    return halved
