"""Visibility: whether a picture shows anything at all, by every pixel."""

from collections.abc import Sequence
from typing import Final

from PIL.Image import Image

from spike_imaging.bands import band_range

FLAT_MAX: Final = 6  # of 255, between the darkest and the brightest pixel: lossy WebP moves flat pixels by so much
FLAT_LOSSLESS_MAX: Final = 2
# what is left of one pixel in a JPEG of quality 75; enlarged, less will do, for it is larger then
_DISTINCT_MIN: Final = 28.0
_DISTINCT_ENLARGED_MIN: Final = 10.0
_DISTINCT_AREA_MIN: Final = 10.0  # of a part that is seen from afar
_AREA_PX: Final = 3  # of a part's side, at least
_AFAR_PX: Final = 128  # from so far that a side has about so many pixels
_STRIP_PIXELS: Final = 1 << 20
_PREMULTIPLIED: Final = {"LA": "La", "RGBA": "RGBa"}  # where there is alpha, hidden colors don't count


def is_blank(picture: Image, *, flat_max: float) -> bool:
    """Tell whether no pixel of a picture, 8 bits a channel, differs from another by more than its format explains.

    `flat_max` is of 255. Memory: a few megabytes.
    """
    seen: Sequence[tuple[float, float]] = ()
    height = max(1, _STRIP_PIXELS // picture.width)
    for top in range(0, picture.height, height):
        strip = picture.crop((0, top, picture.width, min(top + height, picture.height)))
        ranges = [band_range(band) for band in strip.convert(_PREMULTIPLIED.get(strip.mode, strip.mode)).split()]
        pairs = zip(seen or ranges, ranges, strict=True)
        seen = [(min(low, other_low), max(high, other_high)) for (low, high), (other_low, other_high) in pairs]
        if any(high - low > flat_max for low, high in seen):
            return False
    return True


def is_flat(picture: Image) -> bool:
    """Tell the same of one of 8 bits a channel and any format, premultiplied where it has alpha, at less cost."""
    return _spread(picture.reduce(_afar(picture))) <= FLAT_MAX and _spread(picture) <= FLAT_MAX


def shows_something(picture: Image, *, growth: float) -> bool:
    """Tell whether there is something in a picture that a result without it would be wrong for.

    `growth` is how many times larger the result is. One pixel is enough, if it is distinct; a part that is seen from
    afar needs less. Pictures with alpha must be premultiplied.
    """
    # a part has some pixels: the aliasing of a pattern may be in one
    if _spread(picture.reduce(_afar(picture, factor_min=_AREA_PX))) > _DISTINCT_AREA_MIN:
        return True
    return _spread(picture) > max(_DISTINCT_ENLARGED_MIN, _DISTINCT_MIN / growth)


def _afar(picture: Image, *, factor_min: int = 1) -> tuple[int, int]:
    return max(factor_min, picture.width // _AFAR_PX), max(factor_min, picture.height // _AFAR_PX)


def _spread(picture: Image) -> float:
    ranges = [band_range(band) for band in picture.split()]
    return max(high - low for low, high in ranges)
