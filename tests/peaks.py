"""Peak memory use."""

import tracemalloc
from collections.abc import Callable
from typing import Final

_RUNS: Final = 3


def peak_bytes(run: Callable[[], object]) -> int:
    """Return the lowest peak of several runs, since allocations of other threads can only increase one."""
    return min(_peak_bytes(run) for _ in range(_RUNS))


def _peak_bytes(run: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
