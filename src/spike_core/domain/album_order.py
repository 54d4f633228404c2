"""Ordering: pure functions on the order of an album's images.

An order is a tuple of distinct ids. Stored positions are spaced apart, so that one image can move without rewriting its
neighbors.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from spike_core.domain.errors import InvalidValue

Item = TypeVar("Item")

POSITION_STEP: Final = 1024  # the distance between two neighbors


def distinct(items: Iterable[Item]) -> tuple[Item, ...]:
    """Return the items without repetitions, in the order of their first appearance."""
    return tuple(dict.fromkeys(items))


def moved_to_end(order: Sequence[Item], items: Iterable[Item]) -> tuple[Item, ...]:
    """Return the order with `items` moved to the end, in the given order; new ones are added."""
    moving = distinct(items)
    staying = set(order) - set(moving)
    return (*(item for item in order if item in staying), *moving)


def without(order: Sequence[Item], items: Iterable[Item]) -> tuple[Item, ...]:
    """Return the order without `items`; items it doesn't contain are ignored."""
    leaving = set(items)
    return tuple(item for item in order if item not in leaving)


def rearranged(order: Sequence[Item], wanted: Sequence[Item]) -> tuple[Item, ...]:
    """Return `wanted` if it contains exactly the items of `order`.

    Raises:
        InvalidValue: an item is missing, added or repeated.
    """
    if len(wanted) != len(order) or set(wanted) != set(order) or len(set(wanted)) != len(wanted):
        raise InvalidValue(what="the new order", rule="must contain each image of the album exactly once")
    return tuple(wanted)


def positions_after(last: int | None, count: int) -> tuple[int, ...]:
    """Return `count` ascending positions after `last`, or from the start of an empty album (`None`)."""
    start = 0 if last is None else last
    return tuple(start + POSITION_STEP * (index + 1) for index in range(count))
