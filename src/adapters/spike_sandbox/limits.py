"""What one piece of work may take, set by the child on itself and held by the kernel."""

import contextlib
import math
import resource
from datetime import timedelta
from pathlib import Path
from typing import Final

from attrs import field, frozen, validators

_DATA_PAGES: Final = 5  # where `statm` has them (proc(5))
_OOM_SCORE: Final = "900"  # of 1000: when the machine runs out of memory, a child goes before a server does


@frozen(kw_only=True)
class Limits:
    """What one piece of work may take."""

    memory_bytes: int = field(validator=validators.ge(64 * 1024 * 1024))  # of the child, with all that it keeps
    cpu_time: timedelta  # of all its threads together, in whole seconds
    wall_time: timedelta  # from the order to the answer


def set_for_good(*, memory_bytes: int) -> None:
    """Limit this process's memory, and let it be the first to go when the machine has none left.

    `RLIMIT_DATA` counts what is allocated (Linux 4.7), not what is merely mapped: libraries, and weights read from
    files. macOS takes the limit and doesn't hold it.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_DATA, memory_bytes)
    with contextlib.suppress(OSError):  # Linux alone has it
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")


def set_for_one_work(*, cpu_s: int) -> None:
    """Give this process so many seconds of processor time from now on; then the kernel ends it with SIGXCPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = math.ceil(used.ru_utime + used.ru_stime) + cpu_s
    resource.setrlimit(resource.RLIMIT_CPU, (_within(wanted, hard), hard))


def held_bytes() -> int:
    """Return what this process has allocated, as `RLIMIT_DATA` counts it; 0 where the kernel doesn't tell."""
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
