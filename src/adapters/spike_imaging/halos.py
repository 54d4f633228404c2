"""Enlargement without halos: no pixel of the result is brighter or darker than all pixels around its place."""

from typing import Final

from PIL import ImageChops
from PIL.Image import Image, Resampling
from PIL.ImageFilter import MaxFilter, MinFilter

GRAPHIC_COLORS_MAX: Final = 1024  # photographs have tens of thousands
_STRIP_ROWS: Final = 256


def limit_to_range(result: Image, source: Image) -> Image:
    """Limit each color of an enlarged RGB picture to its range in the source's 3x3 pixels around it.

    The result is changed in place, and returned.
    """
    darkest, brightest = source.filter(MinFilter(3)), source.filter(MaxFilter(3))
    scale = source.height / result.height
    for top in range(0, result.height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, result.height)
        size, box = (result.width, bottom - top), (0, top * scale, source.width, bottom * scale)
        strip = result.crop((0, top, result.width, bottom))
        strip = ImageChops.lighter(strip, darkest.resize(size, Resampling.NEAREST, box=box))
        strip = ImageChops.darker(strip, brightest.resize(size, Resampling.NEAREST, box=box))
        result.paste(strip, (0, top))
    return result
