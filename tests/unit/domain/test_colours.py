"""Colours from afar: what counts as the same picture, and what as lying between two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_core.domain.colours import CELL_GAP_MAX, GRID_SIDE, MEAN_GAP_MAX, TINY_MEAN_GAP_MAX, Colour, ColourGrid
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.images import PictureFacts
from spike_core.domain.objects import PictureFormat

LEVELS = st.integers(0, 255).map(float)
COLOURS = st.builds(Colour, LEVELS, LEVELS, LEVELS, LEVELS)
CELLS = GRID_SIDE * GRID_SIDE
GRIDS = st.lists(COLOURS, min_size=CELLS, max_size=CELLS).map(lambda cells: ColourGrid(tuple(cells)))
BLACK, GREY, WHITE = (ColourGrid.of(Colour(level, level, level)) for level in (0, 128, 255))


def facts(grid: ColourGrid, *, side_px: int = 100) -> PictureFacts:
    size = Dimensions(width_px=side_px, height_px=side_px)
    return PictureFacts(format=PictureFormat.JPEG, dimensions=size, is_blank=False, colours=grid)


def with_cell(index: int, level: float) -> ColourGrid:
    cells = list(GREY.cells)
    cells[index] = Colour(level, level, level)
    return ColourGrid(tuple(cells))


@given(GRIDS)
def test_every_picture_may_be_itself(grid: ColourGrid) -> None:
    assert facts(grid).may_be(facts(grid))
    assert grid.lies_between(grid, grid)


@given(GRIDS, GRIDS)
def test_resembling_is_mutual(one: ColourGrid, other: ColourGrid) -> None:
    assert one.resembles(other) == other.resembles(one)


@given(GRIDS, GRIDS, st.floats(0, 1))
def test_a_mixture_lies_between(one: ColourGrid, other: ColourGrid, share: float) -> None:
    """In whatever share; the other may have been cropped to any of its rows or columns."""
    for band in other.bands:
        mixed = [
            share * mine + (1 - share) * theirs for mine, theirs in zip(one.mean.channels, band.channels, strict=True)
        ]
        assert ColourGrid.of(Colour(*mixed)).lies_between(one, other)


@given(GRIDS)
def test_the_mean_is_that_of_the_rows_and_that_of_the_columns(grid: ColourGrid) -> None:
    rows, columns = grid.bands[:GRID_SIDE], grid.bands[GRID_SIDE:]
    assert grid.mean.gap_to(Colour.mean(rows)) < 1e-9
    assert grid.mean.gap_to(Colour.mean(columns)) < 1e-9


@given(st.integers(0, CELLS - 1))
def test_one_part_that_lost_its_colour_is_enough(index: int) -> None:
    """Its gap vanishes in the mean of the whole."""
    kept, lost = with_cell(index, 128 + CELL_GAP_MAX), with_cell(index, 128 + CELL_GAP_MAX + 1)
    assert lost.gap_to(GREY) < MEAN_GAP_MAX
    assert facts(kept).may_be(facts(GREY))
    assert not facts(lost).may_be(facts(GREY))


@given(st.integers(0, CELLS - 1))
def test_a_small_picture_has_no_parts(index: int) -> None:
    lost = facts(with_cell(index, 255))
    assert lost.may_be(facts(GREY, side_px=31))
    assert not lost.may_be(facts(GREY, side_px=32))


@pytest.mark.parametrize(
    ("side_px", "gap_max"), [(1, TINY_MEAN_GAP_MAX), (15, TINY_MEAN_GAP_MAX), (16, MEAN_GAP_MAX), (32, MEAN_GAP_MAX)]
)
def test_a_mean_that_is_off_by_more_than_the_bound_is_another_picture(side_px: int, gap_max: float) -> None:
    grey = facts(GREY, side_px=side_px)
    assert facts(ColourGrid.of(Colour(128 + gap_max, 128, 128))).may_be(grey)
    assert not facts(ColourGrid.of(Colour(129 + gap_max, 128, 128))).may_be(grey)
    assert not facts(ColourGrid.of(Colour(128, 128, 128, 254 - gap_max))).may_be(grey)


def test_what_lies_outside_both_is_no_blend() -> None:
    assert GREY.lies_between(BLACK, WHITE)
    assert not BLACK.lies_between(GREY, WHITE)
    assert not WHITE.lies_between(GREY, BLACK)
