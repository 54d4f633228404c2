"""Colours: what a picture looks like from afar, and whether one made of others still looks like them."""

from collections.abc import Iterable, Sequence
from typing import Final

from attrs import field, frozen, validators

GRID_SIDE: Final = 4  # cells in a row, and rows
# how far an engine may move a mean, of 255; what ours do is in docs/decisions/0028 and 0047
MEAN_GAP_MAX: Final = 24.0
TINY_MEAN_GAP_MAX: Final = 64.0  # where each pixel counts much, those at the edges above all
CELL_GAP_MAX: Final = 32.0


@frozen
class Colour:
    """A mean colour in sRGB, 0 to 255 each. Red, green and blue are multiplied by alpha: hidden colours are black."""

    red: float
    green: float
    blue: float
    alpha: float = 255.0

    @property
    def channels(self) -> tuple[float, float, float, float]:
        """The four numbers."""
        return self.red, self.green, self.blue, self.alpha

    @classmethod
    def mean(cls, colours: Iterable["Colour"]) -> "Colour":
        """Return the mean of colours, of which there is at least one."""
        columns = list(zip(*(colour.channels for colour in colours), strict=True))
        return cls(*(sum(column) / len(column) for column in columns))

    def gap_to(self, other: "Colour") -> float:
        """Return by how much the channel differs that differs most."""
        return max(abs(one - two) for one, two in zip(self.channels, other.channels, strict=True))


@frozen
class ColourGrid:
    """The mean colours of a picture's parts, as seen: `GRID_SIDE` rows of as many equal cells, from the top left.

    In a small picture a cell may be less than a pixel.
    """

    cells: tuple[Colour, ...] = field(validator=validators.deep_iterable(validators.instance_of(Colour)))

    @cells.validator
    def _is_full(self, _attribute: object, value: tuple[Colour, ...]) -> None:
        assert len(value) == GRID_SIDE * GRID_SIDE, "a grid is square and full"

    @classmethod
    def of(cls, colour: Colour) -> "ColourGrid":
        """Return the grid of a picture that is of this colour everywhere."""
        return cls((colour,) * (GRID_SIDE * GRID_SIDE))

    @property
    def mean(self) -> Colour:
        """The mean colour of the whole picture."""
        return Colour.mean(self.cells)

    @property
    def bands(self) -> Sequence[Colour]:
        """The mean colours of all rows, then of all columns."""
        rows = [Colour.mean(self.cells[start : start + GRID_SIDE]) for start in range(0, len(self.cells), GRID_SIDE)]
        columns = [Colour.mean(self.cells[column::GRID_SIDE]) for column in range(GRID_SIDE)]
        return rows + columns

    def gap_to(self, other: "ColourGrid") -> float:
        """Return how far the mean colours of the two lie apart, in the channel where it is most."""
        return self.mean.gap_to(other.mean)

    def lies_between(self, original: "ColourGrid", source: "ColourGrid") -> bool:
        """Tell whether this may be the source merged into the original: its mean lies between theirs.

        The source may have been cropped to the original's aspect, at two opposite sides. What is left of it has a mean
        within those of its rows, or of its columns.
        """
        candidates = [original.mean, *source.bands]
        return all(
            min(channel) - MEAN_GAP_MAX <= mean <= max(channel) + MEAN_GAP_MAX
            for mean, *channel in zip(self.mean.channels, *(colour.channels for colour in candidates), strict=True)
        )
