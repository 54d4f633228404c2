"""Order operations keep a permutation (I9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_core.domain.album_order import (
    POSITION_STEP,
    distinct,
    moved_to_end,
    positions_after,
    rearranged,
    without,
)
from spike_core.domain.errors import InvalidValue

items = st.integers(0, 20)
lists = st.lists(items, max_size=12)
orders = st.lists(items, unique=True, max_size=12)


@given(lists)
def test_distinct_items_are_the_same_items_each_once(some: list[int]) -> None:
    assert set(distinct(some)) == set(some)
    assert len(distinct(some)) == len(set(some))
    assert list(distinct(some)) == sorted(set(some), key=some.index)
    assert distinct(distinct(some)) == distinct(some)


@given(orders, lists)
def test_moving_to_the_end_keeps_a_permutation_of_both(order: list[int], moving: list[int]) -> None:
    moved = moved_to_end(order, moving)
    assert sorted(moved) == sorted({*order, *moving})


@given(orders, lists)
def test_moved_items_are_last_in_the_order_given(order: list[int], moving: list[int]) -> None:
    moved = moved_to_end(order, moving)
    last = distinct(moving)
    assert moved[len(moved) - len(last) :] == last


@given(orders, lists)
def test_items_that_stay_keep_their_order(order: list[int], moving: list[int]) -> None:
    staying = [item for item in order if item not in moving]
    assert list(moved_to_end(order, moving))[: len(staying)] == staying


@given(orders, lists)
def test_moving_to_the_end_twice_is_moving_once(order: list[int], moving: list[int]) -> None:
    once = moved_to_end(order, moving)
    assert moved_to_end(once, moving) == once


@given(orders, lists)
def test_what_is_taken_out_is_gone_and_the_rest_keeps_its_order(order: list[int], leaving: list[int]) -> None:
    left = without(order, leaving)
    assert list(left) == [item for item in order if item not in leaving]
    assert without(left, leaving) == left


@given(orders, lists)
def test_taking_out_and_putting_back_is_moving_to_the_end(order: list[int], moving: list[int]) -> None:
    assert (*without(order, moving), *distinct(moving)) == moved_to_end(order, moving)


@given(orders, st.data())
def test_any_permutation_is_a_new_order(order: list[int], data: st.DataObject) -> None:
    wanted = data.draw(st.permutations(order))
    assert rearranged(order, wanted) == tuple(wanted)


@given(orders.filter(bool), st.data())
def test_an_order_with_an_item_missing_added_or_repeated_is_refused(order: list[int], data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(order))
    missing = [other for other in order if other != item]
    for wanted in (missing, [*order, 21], [*missing, 21], [*order, item], [*missing, *missing[:1]]):
        with pytest.raises(InvalidValue):
            rearranged(order, wanted)


@given(st.none() | st.integers(0, 10**9), st.integers(0, 200))
def test_new_positions_ascend_with_room_between_them(last: int | None, count: int) -> None:
    positions = positions_after(last, count)
    assert len(positions) == count
    steps = [right - left for left, right in zip((last or 0, *positions), positions, strict=False)]
    assert steps == [POSITION_STEP] * count
    assert POSITION_STEP > 2
