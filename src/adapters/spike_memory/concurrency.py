"""No concurrency."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class NoConcurrency:
    """Calls for one item after the other."""

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Sequence[Result]:
        """Return `function(item)` for each item, in the order of the items; see the port."""
        results: list[Result] = []
        errors: list[Exception] = []
        for item in items:
            try:
                results.append(function(item))
            except Exception as error:  # noqa: BLE001  # raised once each item was tried
                errors.append(error)
        if errors:
            raise errors[0]
        return results
