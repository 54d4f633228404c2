"""The concurrency port."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Concurrency(Protocol):
    """Calls a function for several items, at once where the adapter can."""

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Sequence[Result]:
        """Return `function(item)` for each item, in the order of the items.

        No call is in progress when it returns or raises.

        Raises:
            Exception: what `function` raised for the first of the items for which it raised; each item is tried.
        """
