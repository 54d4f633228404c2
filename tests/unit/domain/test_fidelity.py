"""Fidelity: the numbers for which a result is faithful to its original."""

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spike_core.domain.color_grid import CELL_GAP_MAX, MEAN_GAP_MAX, TINY_MEAN_GAP_MAX
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.fidelity import (
    CHANGED_SHARE_LOCAL_MAX,
    CHANGED_SHARE_MAX,
    OFF_SHARE_LOCAL_MAX,
    OFF_SHARE_MAX,
    ROUGHNESS_EXCESS_MAX,
    STRAY_SHARE_LOCAL_MAX,
    STRAY_SHARE_MAX,
    TINY_SHARE_MAX,
    Comparison,
    Shares,
)

NONE = Shares(overall=0.0, local=0.0)
FAITHFUL = Comparison(
    size=Dimensions(width_px=300, height_px=200),
    result_is_blank=False,
    original_is_blank=False,
    stray=NONE,
    changed=NONE,
    off=NONE,
    roughness_excess=-20.0,
    mean_gap=0.3,
    cell_gap=1.2,
)
AT_THE_BOUNDS: dict[str, Any] = {
    "stray": Shares(overall=STRAY_SHARE_MAX, local=STRAY_SHARE_LOCAL_MAX),
    "changed": Shares(overall=CHANGED_SHARE_MAX, local=CHANGED_SHARE_LOCAL_MAX),
    "off": Shares(overall=OFF_SHARE_MAX, local=OFF_SHARE_LOCAL_MAX),
    "roughness_excess": ROUGHNESS_EXCESS_MAX,
    "mean_gap": MEAN_GAP_MAX,
    "cell_gap": CELL_GAP_MAX,
}
BEYOND = [
    ({"stray": Shares(overall=STRAY_SHARE_MAX + 0.01, local=0.03)}, "3.0% of its pixels, 2% allowed"),
    (
        {"stray": Shares(overall=1e-6, local=STRAY_SHARE_LOCAL_MAX + 0.01)},
        "9% of the pixels in one place, 8% allowed",
    ),
    ({"changed": Shares(overall=CHANGED_SHARE_MAX + 0.01, local=0.04)}, "4.0% of its pixels, 3% allowed"),
    ({"changed": Shares(overall=1e-6, local=CHANGED_SHARE_LOCAL_MAX + 0.01)}, "26% of the pixels in one place"),
    ({"off": Shares(overall=OFF_SHARE_MAX + 0.001, local=0.01)}, "0.5% of its pixels, 0.4% allowed"),
    ({"off": Shares(overall=1e-6, local=OFF_SHARE_LOCAL_MAX + 0.01)}, "11% of the pixels in one place, 10% allowed"),
    ({"roughness_excess": ROUGHNESS_EXCESS_MAX + 1}, "differ by 41 of 255 more than the original's, 40 allowed"),
    ({"mean_gap": MEAN_GAP_MAX + 1}, "mean color is off by 25 of 255, 24 allowed"),
    ({"cell_gap": CELL_GAP_MAX + 1}, "mean color of a part is off by 33 of 255, 32 allowed"),
    ({"result_is_blank": True}, "it is blank"),
]


def test_a_result_with_every_number_at_its_bound_is_faithful() -> None:
    assert FAITHFUL.flaw == ""
    assert evolve(FAITHFUL, **AT_THE_BOUNDS).flaw == ""


@pytest.mark.parametrize(("numbers", "words"), BEYOND)
def test_one_number_beyond_its_bound_is_enough_and_told(numbers: dict[str, Any], words: str) -> None:
    assert words in evolve(FAITHFUL, **numbers).flaw


def test_a_blank_result_is_right_where_the_original_shows_nothing() -> None:
    assert evolve(FAITHFUL, result_is_blank=True, original_is_blank=True).flaw == ""


@pytest.mark.parametrize(("side_px", "is_faithful"), [(15, True), (31, True), (32, False)])
def test_a_small_picture_has_no_parts(side_px: int, is_faithful: bool) -> None:
    size = Dimensions(width_px=side_px, height_px=200)
    assert (evolve(FAITHFUL, size=size, cell_gap=200.0).flaw == "") is is_faithful


@pytest.mark.parametrize(
    ("side_px", "gap_max"), [(1, TINY_MEAN_GAP_MAX), (15, TINY_MEAN_GAP_MAX), (16, MEAN_GAP_MAX), (32, MEAN_GAP_MAX)]
)
def test_the_mean_of_a_tiny_picture_may_move_further(side_px: int, gap_max: float) -> None:
    small = evolve(FAITHFUL, size=Dimensions(width_px=side_px, height_px=200))
    assert evolve(small, mean_gap=gap_max).flaw == ""
    assert evolve(small, mean_gap=gap_max + 1).flaw


def test_half_of_a_tiny_pictures_pixels_may_differ() -> None:
    tiny = evolve(FAITHFUL, size=Dimensions(width_px=3, height_px=2))
    half, more = (Shares(overall=overall, local=1.0) for overall in (TINY_SHARE_MAX, TINY_SHARE_MAX + 0.2))
    assert evolve(tiny, stray=half, changed=half, off=half).flaw == ""
    assert evolve(tiny, stray=more).flaw
    assert evolve(tiny, changed=more).flaw
    assert evolve(tiny, off=more).flaw


@given(st.floats(allow_nan=True).filter(lambda share: not 0 <= share <= 1))
def test_a_share_is_no_other_number(share: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        Shares(overall=share, local=0.0)
