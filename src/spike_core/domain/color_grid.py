"""Colors: what a picture looks like from afar, and whether one made of others still looks like them."""

from collections.abc import Iterable, Sequence
from typing import Final

from attrs import field, frozen, validators

GRID_SIDE: Final = 4  # cells in a row, and rows
# how far an engine may move a mean, of 255; what ours do is in docs/decisions/0028 and 0047
MEAN_GAP_MAX: Final = 24.0
TINY_MEAN_GAP_MAX: Final = 64.0  # where each pixel counts much, those at the edges above all
CELL_GAP_MAX: Final = 32.0


@frozen
class Color:
    """A mean color in sRGB, 0 to 255 each. Red, green and blue are multiplied by alpha: hidden colors are black."""

    red: float
    green: float
    blue: float
    alpha: float = 255.0

    @property
    def channels(self) -> tuple[float, float, float, float]:
        """The four numbers."""
        return self.red, self.green, self.blue, self.alpha

    @classmethod
    def mean(cls, colors: Iterable["Color"]) -> "Color":
        """Return the mean of colors, of which there is at least one."""
        columns = list(zip(*(color.channels for color in colors), strict=True))
        return cls(*(sum(column) / len(column) for column in columns))

    def gap_to(self, other: "Color") -> float:
        """Return by how much the channel differs that differs most."""
        return max(abs(one - two) for one, two in zip(self.channels, other.channels, strict=True))


@frozen
class ColorGrid:
    """The mean colors of a picture's parts, as seen: `GRID_SIDE` rows of as many equal cells, from the top left.

    In a small picture a cell may be less than a pixel.
    """

    cells: tuple[Color, ...] = field(validator=validators.deep_iterable(validators.instance_of(Color)))

    @cells.validator
    def _is_full(self, _attribute: object, value: tuple[Color, ...]) -> None:
        assert len(value) == GRID_SIDE * GRID_SIDE, "a grid is square and full"

    @classmethod
    def of(cls, color: Color) -> "ColorGrid":
        """Return the grid of a picture that is of this color everywhere."""
        return cls((color,) * (GRID_SIDE * GRID_SIDE))

    @property
    def mean(self) -> Color:
        """The mean color of the whole picture."""
        return Color.mean(self.cells)

    @property
    def bands(self) -> Sequence[Color]:
        """The mean colors of all rows, then of all columns."""
        rows = [Color.mean(self.cells[start : start + GRID_SIDE]) for start in range(0, len(self.cells), GRID_SIDE)]
        columns = [Color.mean(self.cells[column::GRID_SIDE]) for column in range(GRID_SIDE)]
        return rows + columns

    def gap_to(self, other: "ColorGrid") -> float:
        """Return how far the mean colors of the two lie apart, in the channel where it is most."""
        return self.mean.gap_to(other.mean)

    def lies_between(self, original: "ColorGrid", source: "ColorGrid") -> bool:
        """Tell whether this may be the source merged into the original: its mean lies between theirs.

        The source may have been cropped to the original's aspect, at two opposite sides. What is left of it has a mean
        within those of its rows, or of its columns.
        """
        candidates = [original.mean, *source.bands]
        return all(
            min(channel) - MEAN_GAP_MAX <= mean <= max(channel) + MEAN_GAP_MAX
            for mean, *channel in zip(self.mean.channels, *(color.channels for color in candidates), strict=True)
        )
