"""Resource limits of a child, which it sets on itself and the kernel enforces."""

import contextlib
import math
import os
import resource
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final, Self

from attrs import field, frozen, validators

_MAPPED_PAGES: Final = 0  # indexes of the sizes in `statm` (proc(5))
_DATA_PAGES: Final = 5
_STATM_BYTES_MAX: Final = 256
_OOM_SCORE: Final = "900"  # of 1000: when the machine runs out of memory, children are killed before a server
_FILES_MAX: Final = 64  # open at once
_THREADS_MIN: Final = 64
_THREADS_PER_CORE: Final = 8
TASK_TIMES_MAX: Final = 20  # processor time of a child, in multiples of a task's
# Beyond what is allocated: libraries and weights that are mapped; what glibc reserves for a thread's heap and stack.
_MAPPED_BYTES: Final = 2 * 1024**3
_MAPPED_BYTES_PER_CORE: Final = 144 * 1024**2


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


def seal_limits(*, memory_bytes: int, mapped_bytes: int, cpu_s: int, has_user_namespace: bool) -> None:
    """Set the limits that hold until the process ends, after its engine has been built.

    No file can be written, not even an open one; few can be open. The address space is bounded to `memory_bytes` above
    what is mapped now and what threads reserve, and with it the shared memory that `RLIMIT_DATA` doesn't count. So is
    the processor time of all tasks together, since a process could ignore SIGXCPU; and, in a user namespace of its own,
    the number of threads and processes. Elsewhere the user's other processes would count.

    Raises:
        OSError: a limit can't be set.
    """
    cores = os.cpu_count() or 1
    limits = {
        resource.RLIMIT_AS: mapped_bytes + memory_bytes + _MAPPED_BYTES + cores * _MAPPED_BYTES_PER_CORE,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _FILES_MAX,
        resource.RLIMIT_CPU: _used_s() + TASK_TIMES_MAX * cpu_s,
    }
    if has_user_namespace:
        limits[resource.RLIMIT_NPROC] = _THREADS_MIN + _THREADS_PER_CORE * cores
    for which, wanted in limits.items():
        _soft, hard = resource.getrlimit(which)
        resource.setrlimit(which, (_within(wanted, hard), _within(wanted, hard)))


def set_cpu_limit(*, cpu_s: int) -> None:
    """Allow this process `cpu_s` more seconds of processor time, after which the kernel kills it with SIGXCPU."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (_within(_used_s() + cpu_s, hard), hard))


def has_cpu_time(*, cpu_s: int) -> bool:
    """Return whether this process may use `cpu_s` seconds of processor time before its last limit."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    return hard == resource.RLIM_INFINITY or _used_s() + cpu_s < hard


@frozen
class MemoryUse:
    """How much memory this process uses, read from a file that stays open: it can't be opened in a sealed process."""

    _file: BinaryIO | None

    @classmethod
    def opened(cls) -> Self:
        """Open the kernel's file, if this system has one."""
        with contextlib.suppress(OSError):
            return cls(Path("/proc/self/statm").open("rb", buffering=0))
        return cls(None)

    @property
    def allocated_bytes(self) -> int:
        """What it has allocated, as `RLIMIT_DATA` counts it; 0 if the kernel doesn't say."""
        return self._bytes(_DATA_PAGES)

    @property
    def mapped_bytes(self) -> int:
        """The size of its address space, as `RLIMIT_AS` counts it; 0 if the kernel doesn't say."""
        return self._bytes(_MAPPED_PAGES)

    def _bytes(self, index: int) -> int:
        if self._file is None:
            return 0
        self._file.seek(0)
        return int(self._file.read(_STATM_BYTES_MAX).split()[index]) * resource.getpagesize()


def _used_s() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return math.ceil(used.ru_utime + used.ru_stime)


def _lower(which: int, wanted: int) -> None:
    _soft, hard = resource.getrlimit(which)
    with contextlib.suppress(OSError, ValueError):  # not every system has every limit
        resource.setrlimit(which, (_within(wanted, hard), hard))


def _within(wanted: int, hard: int) -> int:
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
