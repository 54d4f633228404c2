"""Color grids: a picture's mean colors in 4 x 4 cells, and whether a blend's lie between those of its sources."""

from collections.abc import Iterable, Sequence
from typing import Final

from attrs import field, frozen, validators

from spike_core.domain.errors import InvalidValue

GRID_SIDE: Final = 4  # cells in a row, and rows
# the most by which an engine may shift a mean, of 255; measurements are in docs/decisions/0028 and 0047
MEAN_GAP_MAX: Final = 24.0
TINY_MEAN_GAP_MAX: Final = 64.0  # for pictures so small that single pixels, at the edges above all, weigh heavily
CELL_GAP_MAX: Final = 32.0


@frozen
class Color:
    """A mean color in sRGB, channels 0 to 255, premultiplied by alpha: fully transparent pixels count as black."""

    red: float
    green: float
    blue: float
    alpha: float = 255.0

    @property
    def channels(self) -> tuple[float, float, float, float]:
        """Red, green, blue and alpha."""
        return self.red, self.green, self.blue, self.alpha

    @classmethod
    def mean(cls, colors: Iterable["Color"]) -> "Color":
        """Return the mean of at least one color."""
        columns = list(zip(*(color.channels for color in colors), strict=True))
        return cls(*(sum(column) / len(column) for column in columns))

    def gap_to(self, other: "Color") -> float:
        """Return the largest difference of any channel."""
        return max(abs(one - two) for one, two in zip(self.channels, other.channels, strict=True))


@frozen
class ColorGrid:
    """The mean colors of `GRID_SIDE` x `GRID_SIDE` equal cells, row by row from the top left, in upright orientation.

    In a tiny picture a cell may be smaller than a pixel.
    """

    cells: tuple[Color, ...] = field(validator=validators.deep_iterable(validators.instance_of(Color)))

    @cells.validator
    def _is_full(self, _attribute: object, value: tuple[Color, ...]) -> None:
        if len(value) != GRID_SIDE * GRID_SIDE:
            raise InvalidValue(what="a color grid", rule=f"has {GRID_SIDE * GRID_SIDE} cells")

    @classmethod
    def of(cls, color: Color) -> "ColorGrid":
        """Return the grid of a picture of a single color."""
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
        """Return the largest difference of any channel between the two mean colors."""
        return self.mean.gap_to(other.mean)

    def lies_between(self, original: "ColorGrid", source: "ColorGrid") -> bool:
        """Return whether this can be a blend of the two: its mean lies between theirs, within `MEAN_GAP_MAX`.

        Blending may crop the source to the original's aspect ratio at two opposite sides. The mean of what remains lies
        within the means of its rows, or of its columns.
        """
        candidates = [original.mean, *source.bands]
        return all(
            min(channel) - MEAN_GAP_MAX <= mean <= max(channel) + MEAN_GAP_MAX
            for mean, *channel in zip(self.mean.channels, *(color.channels for color in candidates), strict=True)
        )
