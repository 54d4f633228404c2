"""How noisy a picture is, told apart from how much texture it has.

All looks are at the same difference of second order, which leaves nothing of what is smooth (J. Immerkaer, "Fast Noise
Variance Estimation", 1996). Noise is everywhere, so the quietest blocks tell it; a sensor's noise isn't the same in all
colors, while texture nearly is; and noise fades when a picture is halved, while texture comes out. No look is right
alone: a picture all of texture has no quiet block, grain may be the same in all colors, and JPEG wipes most of either
out.
"""

from collections.abc import Sequence
from typing import Final, Self

import numpy as np
from attrs import frozen

from spike_ncnn.arrays import Plane

LUMA: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601
_LUMA_NOISE: Final = float(np.linalg.norm(LUMA))  # of luminance, where each color has noise of 1
_BLOCK_PX: Final = 8
_QUIET: Final = 0.1  # the quantile of blocks
_GAIN: Final = 6.0  # the root of the sum of the kernel's squares: what it makes of noise of 1
_MAD: Final = 0.6745  # the median of absolute values of normal noise of 1
_DARK, _LIGHT = 8.0, 247.0  # of 255: beyond them noise is cut off
_COLOR_MIN: Final = 1.2  # as much is in clean pictures, too


@frozen(kw_only=True)
class NoiseSeen:
    """Standard deviations, of 255."""

    quiet: float  # of luminance, in the quietest tenth of all blocks
    color: float  # of the differences between colors, as that of each color's own noise
    coarse: float  # of luminance, everywhere, once the picture is halved

    @property
    def deviation(self) -> float:
        """The likeliest deviation of each color's noise; texture may add to it, in a picture without a quiet place."""
        return self.color if self.color >= _COLOR_MIN else min(self.quiet, 2 * self.coarse)

    @classmethod
    def middle_of(cls, seen: "Sequence[NoiseSeen]") -> Self:
        """Return the medians of what was seen in parts of a picture."""
        return cls(
            quiet=float(np.median([each.quiet for each in seen])),
            color=float(np.median([each.color for each in seen])),
            coarse=float(np.median([each.coarse for each in seen])),
        )


def noise_seen(rgb: Plane) -> NoiseSeen:
    """Look at a picture, (height, width, 3) from 0 to 255, of 24 pixels a side or more."""
    luma = rgb @ LUMA
    contrasts = [(rgb[..., other] - rgb[..., 1]) / np.float32(np.sqrt(2)) for other in (0, 2)]
    return NoiseSeen(
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
