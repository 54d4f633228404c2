"""A look at a picture from afar: whether anything is to be seen, and which colors are where."""

from typing import Final, Self

from attrs import evolve, frozen
from PIL.Image import Image, Resampling, new

from spike_core.domain.color_grid import GRID_SIDE, Color, ColorGrid
from spike_imaging.bands import band_range
from spike_imaging.decoded import Decoded
from spike_pillow.visibility import FLAT_MAX

DRAFT_SIDE_PX: Final = 128  # what a JPEG must at least be decoded at: its last column may stand for a single pixel
_SIDE_PX: Final = 256  # seen from so far that a side has about so many pixels, up to twice as many
_STRIP_PIXELS: Final = 1 << 20
_PREMULTIPLIED: Final = {"LA": "La", "RGBA": "RGBa"}  # where there is alpha, hidden colors don't count
_RESTORED: Final = {"La": "LA", "RGBa": "RGBA"}


@frozen
class Appearance:
    """What is seen of a picture from afar."""

    seems_blank: bool  # every pixel may be alike; whether they are is told by `spike_pillow.visibility`
    colors: ColorGrid

    @classmethod
    def at(cls, decoded: Decoded) -> Self:
        """Look at a decoded picture.

        Memory: a few megabytes beside the picture. All pixels count alike.
        """
        afar = _afar(decoded.image)
        grid = evolve(decoded, image=afar.convert(_RESTORED.get(afar.mode, afar.mode)))
        return cls(seems_blank=_seems_blank(afar), colors=_grid(grid.srgb()))


def _afar(picture: Image) -> Image:
    """Return the means of equal blocks, with 8 bits a channel, colors as they are and premultiplied."""
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
    assert afar is not None, "a picture has a row"
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
