"""Measurement of a picture's degradation from its pixels: how strongly it was compressed, and how noisy it is."""

import math
from collections.abc import Sequence
from enum import Enum
from typing import Final, assert_never

import numpy as np
from attrs import frozen

from spike_ncnn.jpeg_quality import UNCOMPRESSED, estimate_quality, quality_of
from spike_ncnn.noise import LUMA, NoiseEstimate, estimate_noise
from spike_ncnn.pixel_arrays import Pixels

REGION_PX: Final = 256  # per side; a multiple of 8, so that the phase of JPEG blocks stays the same
REGIONS_MAX: Final = 3  # in each direction, spread evenly, so that any picture is measured in at most nine regions
SIDE_PX_MIN: Final = 24  # a smaller picture can't be measured, and counts as clean


class Grain(Enum):
    """The kind of a picture's noise."""

    NONE = "no noise"
    WHITE = "white noise"  # independent in each pixel and color
    COARSE = "coarse noise"  # correlated between neighbors, as after demosaicing
    GRAY = "gray noise"  # equal in all colors, as of film


_WHITE_MAX: Final = 1.7  # of `half` as a multiple of `fine`: 1 for white noise, and more the more texture there is
_FINE_MIN: Final = 1.2  # below these, a picture counts as free of noise
_HALF_MIN: Final = 3.8
_COLOR_MIN: Final = 2.0
_COLOR_OF_DETAIL_MIN: Final = 0.8  # of `detail`: fine texture has less
_COLOR_OF_COMPRESSED_MIN: Final = 0.5  # compression leaves little color in texture
_GRAY_MIN: Final = 3.0
_GRAY_OF_DETAIL_MIN: Final = 0.55
_SPREAD: Final = (1.12, 1.28)  # of noise alone; blocks of a regular pattern differ less, and texture's more
_HALF_SPREAD_MAX: Final = 1.4
_EVEN_HALF_MIN: Final = 3.0  # the bounds above for noise that is the same everywhere, which no texture is
_EVEN_GRAY_MIN: Final = 1.2
_SMOOTH_MAX: Final = 12.0  # of `contrast`: what smoothing takes from a picture with less is mostly its damage
_COLOR_OF_GRAY_MAX: Final = 0.7  # with more, colors differ
_COLOR_GAIN: Final = 1.3  # the quietest blocks show less noise than there is
_GRAY_GAIN: Final = 1.25
_LUMA_GAIN: Final = {  # the deviation that noise of 1 in each color causes in `detail`
    Grain.NONE: 0.0,
    Grain.WHITE: float(np.linalg.norm(LUMA)),
    Grain.COARSE: 0.3,
    Grain.GRAY: 1.0,
}
_HIDDEN_MIN, _HIDDEN_MAX = 0.6, 1.4  # of `gray`: compressed photographs without noise have 0.5 or much texture
_HIDING_MIN: Final = 65.0  # the quality below which compression leaves no noise that differs from its own artifacts
_HIDDEN_DETAIL_MAX: Final = 2.0  # of `detail` as a multiple of `gray`
_HIDDEN_GAIN: Final = 5.0  # compression hides most of the noise
_RUINED: Final = 50.0  # of 255: a deviation at which nothing of a photograph's detail is left


@frozen(kw_only=True)
class Degradation:
    """The measured degradation of a picture."""

    quality: float  # of its last JPEG compression, 1 to 100; 100 if there is no trace of one
    noise: NoiseEstimate
    enlarged_by: float = 1.0  # before it was measured; the rest describes the picture before that

    @property
    def is_compressed(self) -> bool:
        """Whether there are traces of a JPEG compression."""
        return self.quality < UNCOMPRESSED

    @property
    def is_clean(self) -> bool:
        """Whether there is neither noise nor a trace of compression."""
        return not self.is_compressed and self.grain is Grain.NONE

    @property
    def grain(self) -> Grain:
        """The kind of noise; none if a clean photograph could measure the same."""
        noise = self.noise
        half_min, gray_min = (_EVEN_HALF_MIN, _EVEN_GRAY_MIN) if self.is_even else (_HALF_MIN, _GRAY_MIN)
        if self.is_compressed:
            gray_min = _HIDDEN_MAX  # compression leaves little else in smooth blocks
        if noise.gray >= max(
            gray_min, _GRAY_OF_DETAIL_MIN * noise.detail, noise.fine, noise.color / _COLOR_OF_GRAY_MAX
        ):
            return Grain.GRAY
        if noise.fine >= _FINE_MIN and noise.half <= _WHITE_MAX * noise.fine:
            return Grain.WHITE
        share = _COLOR_OF_COMPRESSED_MIN if self.is_compressed else _COLOR_OF_DETAIL_MIN
        is_coarse = noise.half >= half_min and noise.color >= max(_COLOR_MIN, share * noise.detail)
        return Grain.COARSE if is_coarse else Grain.NONE

    @property
    def is_even(self) -> bool:
        """Whether an uncompressed picture's blocks differ as those of noise do, and no more."""
        return not self.is_compressed and _SPREAD[0] <= self.noise.spread <= _SPREAD[1]

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing but noise in most blocks at half the size, too."""
        return self.is_even and self.noise.half_spread <= _HALF_SPREAD_MAX

    @property
    def is_smooth(self) -> bool:
        """Whether three quarters of the picture are nearly flat, as in many drawings."""
        return self.noise.contrast < _SMOOTH_MAX

    @property
    def deviation(self) -> float:
        """The standard deviation of each color's noise, of 255; 0 if there is none."""
        match self.grain:
            case Grain.NONE if self.has_hidden_noise:
                return _HIDDEN_GAIN * self.noise.gray
            case Grain.NONE:
                return 0.0
            case Grain.WHITE:
                return self.noise.fine
            case Grain.COARSE:
                return _COLOR_GAIN * self.noise.color
            case Grain.GRAY:
                return _GRAY_GAIN * self.noise.gray
            case unreachable:
                assert_never(unreachable)

    @property
    def texture(self) -> float:
        """The deviation of luminance's second differences that isn't explained by the noise, of 255."""
        noise = _LUMA_GAIN[self.grain] * self.deviation
        return math.sqrt(max(0.0, self.noise.detail**2 - noise**2))

    @property
    def has_hidden_noise(self) -> bool:
        """Whether noise shows through a JPEG's compression: smooth blocks are as lively as the rest."""
        noise = self.noise
        if not _HIDING_MIN <= self.quality < UNCOMPRESSED:
            return False
        return _HIDDEN_MIN <= noise.gray <= _HIDDEN_MAX and noise.detail <= _HIDDEN_DETAIL_MAX * noise.gray

    @property
    def cleanliness(self) -> float:
        """1 for a clean picture, less the more was lost to compression or noise; 0 for the worst."""
        return max(0.0, min(self.quality / UNCOMPRESSED, 1 - self.deviation / _RUINED))

    def __str__(self) -> str:
        """Return a short description."""
        compressed = f"JPEG quality about {self.quality:.0f}" if self.is_compressed else "no JPEG traces"
        kind = "hidden noise" if self.has_hidden_noise else self.grain.value
        noise = f"{kind} of {self.deviation:.1f} of 255" if self.deviation else kind
        return ", ".join(filter(None, (compressed, noise, self.enlargement)))

    @property
    def enlargement(self) -> str:
        """The earlier enlargement, in words; empty if there was none."""
        return f"enlarged {self.enlarged_by:.3g} times before" if self.enlarged_by > 1 else ""


CLEAN: Final = Degradation(
    quality=UNCOMPRESSED,
    noise=NoiseEstimate(
        fine=0.0,
        half=0.0,
        color=0.0,
        gray=0.0,
        spread=math.inf,
        half_spread=math.inf,
        contrast=math.inf,
        detail=0.0,
    ),
)


def measure(rgb: Pixels, *, table: Sequence[int] | None = None) -> Degradation:
    """Measure a picture, (height, width, 3) from 0 to 255; `table` is its luminance quantization table, row by row.

    A JPEG's own table describes only its last compression. The lower of its quality and the pixels' counts, because a
    picture may have been compressed more strongly before.
    """
    if min(rgb.shape[:2]) < SIDE_PX_MIN:
        return CLEAN
    regions = [
        rgb[rows, columns].astype(np.float32) for rows in _parts(rgb.shape[0]) for columns in _parts(rgb.shape[1])
    ]
    qualities = [estimate_quality(region @ LUMA) for region in regions]
    estimate = float(np.median(qualities))
    quality = estimate if table is None else min(estimate, quality_of(table))
    return Degradation(quality=quality, noise=NoiseEstimate.median_of([estimate_noise(region) for region in regions]))


def _parts(side_px: int) -> Sequence[slice]:
    """Return the measured parts of a side, each starting at a block of a JPEG."""
    count = min(REGIONS_MAX, max(1, side_px // REGION_PX))
    last = max(0, side_px - REGION_PX)
    starts = [last * number // max(1, count - 1) // 8 * 8 for number in range(count)]
    return [slice(start, start + REGION_PX) for start in starts]
