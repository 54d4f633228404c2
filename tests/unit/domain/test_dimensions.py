import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidValue

sides = st.integers(1, 60_000)
sizes = st.builds(Dimensions, width_px=sides, height_px=sides)
targets = st.sampled_from([1024, 2048, 4096]) | st.integers(1, 10_000)


def turned(size: Dimensions) -> Dimensions:
    return Dimensions(width_px=size.height_px, height_px=size.width_px)


@given(sizes, targets)
def test_the_longest_side_comes_out_exact(size: Dimensions, target: int) -> None:
    assert size.scaled_to(target).longest_side_px == target


@given(sizes, targets)
def test_no_side_is_ever_below_one(size: Dimensions, target: int) -> None:
    scaled = size.scaled_to(target)
    assert min(scaled.width_px, scaled.height_px) >= 1


@given(sizes, targets)
def test_the_aspect_is_wrong_by_half_a_pixel_at_most(size: Dimensions, target: int) -> None:
    """In integers: |other - target * short / long| <= 1/2, except for a side that would be 0."""
    short, long = sorted([size.width_px, size.height_px])
    other = min(size.scaled_to(target).width_px, size.scaled_to(target).height_px)
    if 2 * target * short >= long:
        assert abs(2 * other * long - 2 * target * short) <= long
    else:
        assert other == 1


@given(sizes, targets)
def test_a_turned_picture_scales_to_a_turned_result(size: Dimensions, target: int) -> None:
    assert turned(size).scaled_to(target) == turned(size.scaled_to(target))


@given(sizes)
def test_a_picture_of_the_exact_size_stays_as_it_is(size: Dimensions) -> None:
    assert size.scaled_to(size.longest_side_px) == size


@given(sizes, targets)
def test_scaling_again_changes_nothing(size: Dimensions, target: int) -> None:
    assert size.scaled_to(target).scaled_to(target) == size.scaled_to(target)


@given(sizes, targets)
def test_the_longer_side_stays_the_longer(size: Dimensions, target: int) -> None:
    assume(size.width_px > size.height_px)
    scaled = size.scaled_to(target)
    assert scaled.width_px >= scaled.height_px


@given(st.integers(2**60, 2**70), st.integers(2**60, 2**70))
def test_huge_sides_are_scaled_in_whole_numbers(width: int, height: int) -> None:
    """Floating point would be off by thousands of pixels here."""
    size = Dimensions(width_px=width, height_px=height)
    doubled = size.scaled_to(2 * size.longest_side_px)
    assert doubled == Dimensions(width_px=2 * width, height_px=2 * height)


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(640, 480, "1024x768"), (480, 640, "768x1024"), (4000, 3000, "1024x768"), (1, 1, "1024x1024")],
)
def test_well_known_sizes_come_out_as_expected(width: int, height: int, expected: str) -> None:
    assert str(Dimensions(width_px=width, height_px=height).scaled_to(1024)) == expected


def test_halves_are_rounded_up() -> None:
    assert Dimensions(width_px=2048, height_px=3).scaled_to(1024) == Dimensions(width_px=1024, height_px=2)


def test_a_line_of_pixels_keeps_one() -> None:
    assert Dimensions(width_px=50_000, height_px=1).scaled_to(1024) == Dimensions(width_px=1024, height_px=1)


@given(st.integers(max_value=0), sides)
def test_a_side_below_one_is_refused(wrong: int, right: int) -> None:
    with pytest.raises(InvalidValue):
        Dimensions(width_px=wrong, height_px=right)
    with pytest.raises(InvalidValue):
        Dimensions(width_px=right, height_px=wrong)


@given(sizes)
def test_pixels_are_the_product_of_the_sides(size: Dimensions) -> None:
    assert size.pixels == size.width_px * size.height_px
