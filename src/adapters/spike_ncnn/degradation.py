"""What is wrong with a picture: how strongly it was compressed, and how noisy it is. Nobody tells us; its pixels do."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from attrs import frozen

from spike_ncnn.arrays import Pixels
from spike_ncnn.compression import UNCOMPRESSED, quality_of, quality_seen
from spike_ncnn.noise import LUMA, NoiseSeen, noise_seen

REGION_PX: Final = 256  # of a side; a multiple of a JPEG's blocks, so that their phase stays
REGIONS_MAX: Final = 3  # in each direction, spread evenly: no picture takes longer to judge than nine regions
SIDE_PX_MIN: Final = 24  # a smaller picture tells nothing, and counts as clean


@frozen(kw_only=True)
class Degradation:
    """What was measured of a picture."""

    quality: float  # of the JPEG that it is or once was, 1 to 100; 100 where there is no trace of one
    noise: NoiseSeen

    def __str__(self) -> str:
        """Tell it in a few words."""
        compressed = f"JPEG quality about {self.quality:.0f}" if self.quality < UNCOMPRESSED else "no JPEG traces"
        return f"{compressed}, noise {self.noise.deviation:.1f} of 255"


CLEAN: Final = Degradation(quality=UNCOMPRESSED, noise=NoiseSeen(quiet=0.0, color=0.0, coarse=0.0))


def validate(rgb: Pixels, *, table: Sequence[int] | None = None) -> Degradation:
    """Judge a picture, (height, width, 3) from 0 to 255; `table` is its luminance quantisation table, row by row.

    A JPEG's own table tells of its last compression alone. One that was saved twice, badly at first, is as bad as the
    pixels say.
    """
    if min(rgb.shape[:2]) < SIDE_PX_MIN:
        return CLEAN
    regions = [
        rgb[rows, columns].astype(np.float32) for rows in _parts(rgb.shape[0]) for columns in _parts(rgb.shape[1])
    ]
    qualities = [quality_seen(region @ LUMA) for region in regions]
    seen = float(np.median(qualities))
    quality = seen if table is None else min(seen, quality_of(table))
    return Degradation(quality=quality, noise=NoiseSeen.middle_of([noise_seen(region) for region in regions]))


def _parts(side_px: int) -> Sequence[slice]:
    """Return the parts of a side that are looked at, each beginning where a block of a JPEG does."""
    count = min(REGIONS_MAX, max(1, side_px // REGION_PX))
    last = max(0, side_px - REGION_PX)
    starts = [last * number // max(1, count - 1) // 8 * 8 for number in range(count)]
    return [slice(start, start + REGION_PX) for start in starts]
