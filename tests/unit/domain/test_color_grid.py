"""Colors in low resolution: whether a result lies between two pictures."""

from hypothesis import given
from hypothesis import strategies as st

from spike_core.domain.color_grid import GRID_SIDE, Color, ColorGrid

LEVELS = st.integers(0, 255).map(float)
COLORS = st.builds(Color, LEVELS, LEVELS, LEVELS, LEVELS)
CELLS = GRID_SIDE * GRID_SIDE
GRIDS = st.lists(COLORS, min_size=CELLS, max_size=CELLS).map(lambda cells: ColorGrid(tuple(cells)))
BLACK, GREY, WHITE = (ColorGrid.of(Color(level, level, level)) for level in (0, 128, 255))


@given(GRIDS)
def test_every_picture_lies_between_itself_and_itself(grid: ColorGrid) -> None:
    assert grid.lies_between(grid, grid)


@given(GRIDS, GRIDS, st.floats(0, 1))
def test_a_mixture_lies_between(one: ColorGrid, other: ColorGrid, share: float) -> None:
    """In any proportion; the other picture may have been cropped to any of its rows or columns."""
    for band in other.bands:
        mixed = [
            share * mine + (1 - share) * theirs for mine, theirs in zip(one.mean.channels, band.channels, strict=True)
        ]
        assert ColorGrid.of(Color(*mixed)).lies_between(one, other)


@given(GRIDS)
def test_the_mean_is_that_of_the_rows_and_that_of_the_columns(grid: ColorGrid) -> None:
    rows, columns = grid.bands[:GRID_SIDE], grid.bands[GRID_SIDE:]
    assert grid.mean.gap_to(Color.mean(rows)) < 1e-9
    assert grid.mean.gap_to(Color.mean(columns)) < 1e-9


def test_what_lies_outside_both_is_no_blend() -> None:
    assert GREY.lies_between(BLACK, WHITE)
    assert not BLACK.lies_between(GREY, WHITE)
    assert not WHITE.lies_between(GREY, BLACK)
