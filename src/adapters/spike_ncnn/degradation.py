"""Measurement of a picture's degradation from its pixels: how strongly it was compressed, and how noisy it is."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from attrs import frozen

from spike_ncnn.arrays import Pixels
from spike_ncnn.compression import UNCOMPRESSED, estimate_quality, quality_of
from spike_ncnn.noise import LUMA, NoiseEstimate, estimate_noise

REGION_PX: Final = 256  # per side; a multiple of 8, so that the phase of JPEG blocks stays the same
REGIONS_MAX: Final = 3  # in each direction, spread evenly, so that any picture is measured in at most nine regions
SIDE_PX_MIN: Final = 24  # a smaller picture can't be measured, and counts as clean


@frozen(kw_only=True)
class Degradation:
    """The measured degradation of a picture."""

    quality: float  # of its last JPEG compression, 1 to 100; 100 if there is no trace of one
    noise: NoiseEstimate

    def __str__(self) -> str:
        """Return a short description."""
        compressed = f"JPEG quality about {self.quality:.0f}" if self.quality < UNCOMPRESSED else "no JPEG traces"
        return f"{compressed}, noise {self.noise.deviation:.1f} of 255"


CLEAN: Final = Degradation(quality=UNCOMPRESSED, noise=NoiseEstimate(quiet=0.0, color=0.0, coarse=0.0))


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
