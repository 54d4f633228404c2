"""Orientation: how a picture must be rotated or mirrored to be upright (EXIF 2.32, tag 0x0112)."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from PIL.ExifTags import Base
from PIL.Image import Image, Transpose


class Turn(Enum):
    """An orientation; the values are the EXIF tag's."""

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
        """Return the orientation in a decoded picture's metadata; `NONE` if it is missing or broken.

        Decode the pixels first: in a PNG the EXIF may follow them, and Pillow applies a TIFF's orientation while
        decoding.
        """
        try:
            return cls(picture.getexif().get(Base.Orientation, 1))
        except Exception:  # noqa: BLE001  # malformed metadata don't make a picture unacceptable
            return cls.NONE

    @property
    def swaps_sides(self) -> bool:
        """Whether width becomes height."""
        return self in {Turn.TRANSPOSE, Turn.RIGHT, Turn.TRANSVERSE, Turn.LEFT}

    def applied_to(self, picture: Image) -> Image:
        """Return the upright picture."""
        return picture if self is Turn.NONE else picture.transpose(_METHODS[self])

    def oriented(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size after the rotation, or before it: the function is its own inverse."""
        return (size[1], size[0]) if self.swaps_sides else size


# Pillow rotates counter-clockwise, EXIF states where the top of the scene is
_METHODS: Final[Mapping[Turn, Transpose]] = {
    Turn.MIRROR: Transpose.FLIP_LEFT_RIGHT,
    Turn.HALF: Transpose.ROTATE_180,
    Turn.FLIP: Transpose.FLIP_TOP_BOTTOM,
    Turn.TRANSPOSE: Transpose.TRANSPOSE,
    Turn.RIGHT: Transpose.ROTATE_270,
    Turn.TRANSVERSE: Transpose.TRANSVERSE,
    Turn.LEFT: Transpose.ROTATE_90,
}
