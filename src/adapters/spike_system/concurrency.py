"""Concurrency by threads."""

import contextvars
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from attrs import field, frozen, validators

Item = TypeVar("Item")
Result = TypeVar("Result")


@frozen
class ThreadConcurrency:
    """Calls in up to `threads` threads, which live as long as one `map`."""

    threads: int = field(validator=validators.ge(1))

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Sequence[Result]:
        """Return `function(item)` for each item, in the order of the items; see the port."""
        waiting = list(items)
        if not waiting:
            return []
        with ThreadPoolExecutor(max_workers=min(self.threads, len(waiting))) as pool:
            # each call's log lines have the ids bound by the caller
            calls = [pool.submit(contextvars.copy_context().run, function, item) for item in waiting]
        return [call.result() for call in calls]
