"""Resource limits of a child, which it sets on itself and the kernel enforces."""

import contextlib
import math
import resource
from datetime import timedelta
from pathlib import Path
from typing import Final

from attrs import field, frozen, validators

_DATA_PAGES: Final = 5  # index of the data size in `statm` (proc(5))
_OOM_SCORE: Final = "900"  # of 1000: when the machine runs out of memory, children are killed before a server


@frozen(kw_only=True)
class Limits:
    """Resource limits of a task."""

    memory_bytes: int = field(validator=validators.ge(64 * 1024 * 1024))  # of the child, including what it retains
    cpu_time: timedelta  # of all threads together, in whole seconds
    wall_time: timedelta  # from request to answer


def set_process_limits(*, memory_bytes: int) -> None:
    """Limit this process's memory for good, and make it the kernel's first choice when the machine runs out of memory.

    `RLIMIT_DATA` counts allocations (Linux 4.7) but not file mappings such as libraries and weights. macOS accepts the
    limit without enforcing it.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_DATA, memory_bytes)
    with contextlib.suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")


def set_cpu_limit(*, cpu_s: int) -> None:
    """Allow this process `cpu_s` more seconds of processor time, after which the kernel kills it with SIGXCPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = math.ceil(used.ru_utime + used.ru_stime) + cpu_s
    resource.setrlimit(resource.RLIMIT_CPU, (_within(wanted, hard), hard))


def allocated_bytes() -> int:
    """Return how much memory this process has allocated, as `RLIMIT_DATA` counts it; 0 if the kernel doesn't say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[_DATA_PAGES])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * resource.getpagesize()


def _lower(which: int, wanted: int) -> None:
    _soft, hard = resource.getrlimit(which)
    with contextlib.suppress(OSError, ValueError):  # not every system has every limit
        resource.setrlimit(which, (_within(wanted, hard), hard))


def _within(wanted: int, hard: int) -> int:
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
