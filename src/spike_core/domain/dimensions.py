"""Dimensions: the size of a picture in pixels, and the size that a tier makes of it."""

from typing import Self

from attrs import field, frozen

from spike_core.domain.errors import InvalidValue


@frozen(kw_only=True)
class Dimensions:
    """Width and height in pixels, at least 1 each, after EXIF orientation is applied.

    >>> print(Dimensions(width_px=640, height_px=480).scaled_to(1024))
    1024x768

    Raises:
        InvalidValue: a side is below 1.
    """

    width_px: int = field()
    height_px: int = field()

    @width_px.validator
    @height_px.validator
    def _at_least_one(self, _attribute: object, value: int) -> None:
        if value < 1:
            raise InvalidValue(what="a picture's side", rule="must be at least 1 pixel")

    @property
    def longest_side_px(self) -> int:
        """The longer of the two sides."""
        return max(self.width_px, self.height_px)

    @property
    def sides_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.width_px, self.height_px

    @property
    def pixels(self) -> int:
        """The number of pixels."""
        return self.width_px * self.height_px

    def scaled_to(self, longest_side_px: int) -> Self:
        """Return the size with exactly this longest side and the same aspect.

        The other side is rounded to the nearest pixel, halves up, and is never below 1. Small pictures grow, large
        ones shrink.
        """
        longest = self.longest_side_px
        return type(self)(
            width_px=max(1, (2 * self.width_px * longest_side_px + longest) // (2 * longest)),
            height_px=max(1, (2 * self.height_px * longest_side_px + longest) // (2 * longest)),
        )

    def __str__(self) -> str:
        return f"{self.width_px}x{self.height_px}"
