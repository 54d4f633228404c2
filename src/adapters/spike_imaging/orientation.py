"""Orientation: how a picture must be turned to stand upright (EXIF 2.32, tag 0x0112)."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from PIL.ExifTags import Base
from PIL.Image import Image, Transpose


class Turn(Enum):
    """How to turn a picture; the numbers are the EXIF tag's."""

    NONE = 1
    MIRROR = 2
    HALF = 3
    FLIP = 4
    TRANSPOSE = 5
    RIGHT = 6
    TRANSVERSE = 7
    LEFT = 8

    @classmethod
    def of(cls, picture: Image) -> "Turn":
        """Return what a decoded picture's metadata asks for; none where they are missing or broken.

        Pixels come first: PNG may have its EXIF behind them, and Pillow turns a TIFF while decoding.
        """
        try:
            return cls(picture.getexif().get(Base.Orientation, 1))
        except Exception:  # noqa: BLE001  # metadata are anybody's bytes; a picture isn't refused for them
            return cls.NONE

    @property
    def swaps_sides(self) -> bool:
        """Whether width becomes height."""
        return self in {Turn.TRANSPOSE, Turn.RIGHT, Turn.TRANSVERSE, Turn.LEFT}

    def applied_to(self, picture: Image) -> Image:
        """Return the picture turned."""
        return picture if self is Turn.NONE else picture.transpose(_METHODS[self])

    def seen(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size after the turn; it is its own inverse."""
        return (size[1], size[0]) if self.swaps_sides else size


# Pillow turns counter-clockwise, EXIF says where the top of the scene is
_METHODS: Final[Mapping[Turn, Transpose]] = {
    Turn.MIRROR: Transpose.FLIP_LEFT_RIGHT,
    Turn.HALF: Transpose.ROTATE_180,
    Turn.FLIP: Transpose.FLIP_TOP_BOTTOM,
    Turn.TRANSPOSE: Transpose.TRANSPOSE,
    Turn.RIGHT: Transpose.ROTATE_270,
    Turn.TRANSVERSE: Transpose.TRANSVERSE,
    Turn.LEFT: Transpose.ROTATE_90,
}
