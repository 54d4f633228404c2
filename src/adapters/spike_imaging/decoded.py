"""Decoded pixels with the information needed to show them: a color profile and an orientation."""

from collections.abc import Sequence

from attrs import frozen
from PIL.Image import Image

from spike_imaging.color import to_srgb
from spike_imaging.orientation import Turn


@frozen(kw_only=True, eq=False)
class Decoded:
    """A picture's pixels as stored, with 8 bits per channel."""

    image: Image  # mode L, LA, RGB, RGBA, CMYK or LAB; may be smaller than the picture if a smaller size was requested
    full_size: tuple[int, int]  # of the whole picture, width and height in pixels as stored, before orientation
    profile: bytes = b""  # ICC profile of the stored values; empty for sRGB
    turn: Turn = Turn.NONE
    luma_table: Sequence[int] | None = None  # a JPEG's luminance quantization table, in the order of the file

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height of the whole picture in pixels, upright."""
        return self.turn.oriented(self.full_size)

    def srgb(self) -> Image:
        """Return the picture upright, as RGB or RGBA in sRGB; with alpha only if a pixel isn't opaque."""
        picture = self.turn.applied_to(to_srgb(self.image, profile=self.profile))
        picture.info = {}
        return picture
