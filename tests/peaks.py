"""How much memory something takes at its peak."""

import tracemalloc
from collections.abc import Callable
from typing import Final

_RUNS: Final = 3


def peak_bytes(run: Callable[[], object]) -> int:
    """Return the least peak of several runs: what other threads allocate meanwhile only adds to one."""
    return min(_peak_bytes(run) for _ in range(_RUNS))


def _peak_bytes(run: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
