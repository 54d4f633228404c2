"""The limit on a picture's pixels, checked before anything is decoded."""

from spike_core.domain.errors import TooManyPixels
from spike_core.domain.limits import PICTURE_PIXELS_MAX


def check_pixels(pixels: int) -> None:
    """Check a number of pixels against the limit.

    Raises:
        TooManyPixels: it is above `PICTURE_PIXELS_MAX`.
    """
    if pixels > PICTURE_PIXELS_MAX:
        raise TooManyPixels(pixels=pixels, pixels_max=PICTURE_PIXELS_MAX)
