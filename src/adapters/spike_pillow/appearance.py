"""A picture's appearance in low resolution: whether it may be blank, and its color grid."""

from typing import Final, Self

from attrs import evolve, frozen
from PIL.Image import Image, Resampling, new

from spike_core.domain.color_grid import GRID_SIDE, Color, ColorGrid
from spike_imaging.bands import band_range
from spike_imaging.decoded import Decoded
from spike_pillow.visibility import FLAT_MAX

DRAFT_SIDE_PX: Final = 128  # the minimum at which to decode a JPEG: a block of its last column may stand for one pixel
_SIDE_PX: Final = 256  # sides are reduced to at least this many pixels, and at most twice as many
_STRIP_PIXELS: Final = 1 << 20
_PREMULTIPLIED: Final = {"LA": "La", "RGBA": "RGBa"}  # premultiplied, so that hidden colors don't count
_RESTORED: Final = {"La": "LA", "RGBa": "RGBA"}


@frozen
class Appearance:
    """A picture's appearance in low resolution."""

    seems_blank: bool  # every pixel may be alike; `spike_pillow.visibility` decides whether they are
    colors: ColorGrid

    @classmethod
    def at(cls, decoded: Decoded) -> Self:
        """Return the appearance of a decoded picture. All pixels have equal weight.

        Memory: a few megabytes in addition to the picture.
        """
        afar = _reduction(decoded.image)
        grid = evolve(decoded, image=afar.convert(_RESTORED.get(afar.mode, afar.mode)))
        return cls(seems_blank=_seems_blank(afar), colors=_grid(grid.srgb()))


def _reduction(picture: Image) -> Image:
    """Return the means of equal blocks with 8 bits per channel, in the original colors, premultiplied."""
    factor = (max(1, picture.width // _SIDE_PX), max(1, picture.height // _SIDE_PX))
    if picture.mode not in _PREMULTIPLIED:
        return picture.reduce(factor)
    blocks = max(1, _STRIP_PIXELS // (picture.width * factor[1]))
    strip_px = blocks * factor[1]
    afar: Image | None = None
    for top in range(0, picture.height, strip_px):
        strip = picture.crop((0, top, picture.width, min(top + strip_px, picture.height)))
        means = strip.convert(_PREMULTIPLIED[strip.mode]).reduce(factor)
        if afar is None:
            afar = new(means.mode, (means.width, -(-picture.height // factor[1])))
        afar.paste(means, (0, top // factor[1]))
    assert afar is not None, "a picture has at least one row"
    return afar


def _seems_blank(afar: Image) -> bool:
    ranges = [band_range(band) for band in afar.split()]
    return all(high - low <= FLAT_MAX for low, high in ranges)


def _grid(colors: Image) -> ColorGrid:
    if colors.mode == "RGBA":
        colors = colors.convert("RGBa")
    cells = colors.resize((GRID_SIDE, GRID_SIDE), Resampling.BOX)
    points = (cells.getpixel((x, y)) for y in range(GRID_SIDE) for x in range(GRID_SIDE))
    return ColorGrid(tuple(_color(point) for point in points))


def _color(point: object) -> Color:
    assert isinstance(point, tuple), "RGB and RGBa have several bands"
    return Color(*(float(value) for value in point))
