"""Peak memory use."""

import gc
import tracemalloc
from collections.abc import Callable
from typing import Final

_RUNS: Final = 3
_COLLECTED_AFTER: Final = (700, 10, 10)  # objects and collections: what Python has as its default


def peak_bytes(run: Callable[[], object], *, enough_bytes: float = 0) -> int:
    """Return the lowest peak of several runs, since allocations of other threads can only increase one.

    A run below `enough_bytes` is the last one.
    """
    lowest = _peak_bytes(run)
    for _ in range(_RUNS - 1):
        if lowest < enough_bytes:
            break
        lowest = min(lowest, _peak_bytes(run))
    return lowest


def _peak_bytes(run: Callable[[], object]) -> int:
    """Measure with garbage that is collected as soon as in a program; tests collect it seldom."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.set_threshold(*_COLLECTED_AFTER)
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.set_threshold(*thresholds)
