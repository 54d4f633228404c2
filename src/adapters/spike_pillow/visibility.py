"""Visibility: whether a picture shows anything at all, in any pixel."""

from collections.abc import Sequence
from typing import Final

from PIL.Image import Image

from spike_imaging.bands import band_range

FLAT_MAX: Final = 6  # of 255, between the darkest and the brightest pixel; lossy WebP spreads uniform ones so far
FLAT_LOSSLESS_MAX: Final = 2
# the remaining contrast of one pixel in a JPEG of quality 75; less is needed if enlarged, since the pixel is larger
_DISTINCT_MIN: Final = 28.0
_DISTINCT_ENLARGED_MIN: Final = 10.0
_DISTINCT_AREA_MIN: Final = 10.0  # of a part that is visible in low resolution
_AREA_PX: Final = 3  # the minimum side of a part
_AFAR_PX: Final = 128  # sides are reduced to about this many pixels
_STRIP_PIXELS: Final = 1 << 20
_PREMULTIPLIED: Final = {"LA": "La", "RGBA": "RGBa"}  # premultiplied, so that hidden colors don't count


def is_blank(picture: Image, *, flat_max: float) -> bool:
    """Return whether no two pixels, with 8 bits per channel, differ by more than their format explains.

    `flat_max` is of 255. Memory: a few megabytes.
    """
    extremes: Sequence[tuple[float, float]] = ()
    height = max(1, _STRIP_PIXELS // picture.width)
    for top in range(0, picture.height, height):
        strip = picture.crop((0, top, picture.width, min(top + height, picture.height)))
        ranges = [band_range(band) for band in strip.convert(_PREMULTIPLIED.get(strip.mode, strip.mode)).split()]
        pairs = zip(extremes or ranges, ranges, strict=True)
        extremes = [(min(low, other_low), max(high, other_high)) for (low, high), (other_low, other_high) in pairs]
        if any(high - low > flat_max for low, high in extremes):
            return False
    return True


def is_flat(picture: Image) -> bool:
    """Return whether a picture with 8-bit channels, premultiplied if it has alpha, is flat. Faster than `is_blank`."""
    return _spread(picture.reduce(_reduction(picture))) <= FLAT_MAX and _spread(picture) <= FLAT_MAX


def shows_something(picture: Image, *, growth: float) -> bool:
    """Return whether a picture shows something that a result must show too.

    `growth` is the factor by which the result is larger. A single pixel suffices if it is distinct; a part that is
    visible in low resolution may be fainter. Pictures with alpha must be premultiplied.
    """
    # a part has several pixels; the aliasing of a pattern may be in a single one
    if _spread(picture.reduce(_reduction(picture, factor_min=_AREA_PX))) > _DISTINCT_AREA_MIN:
        return True
    return _spread(picture) > max(_DISTINCT_ENLARGED_MIN, _DISTINCT_MIN / growth)


def _reduction(picture: Image, *, factor_min: int = 1) -> tuple[int, int]:
    return max(factor_min, picture.width // _AFAR_PX), max(factor_min, picture.height // _AFAR_PX)


def _spread(picture: Image) -> float:
    ranges = [band_range(band) for band in picture.split()]
    return max(high - low for low, high in ranges)
