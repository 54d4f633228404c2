"""A worker process: runs jobs until it is signalled, its supervisor is gone, or a job hangs."""

import os
import queue
import signal
import threading
from collections.abc import Callable
from enum import Enum
from types import FrameType
from typing import Final

from spike_runtime import Spike
from spike_runtime.logs import get_logger
from spike_worker.background import working

LOOK_S: Final = 1.0  # between two checks for jobs past their time limit


class Shutdown(Enum):
    """Why a worker process ends; the value is its exit code."""

    SIGNALLED = 0
    STUCK = 1  # a thread can't be stopped, but a process can; the supervisor starts another


class ShutdownSignal:
    """SIGTERM, SIGINT and the end of the supervisor, as an event to wait for."""

    def __init__(self) -> None:
        """Create the event; `listen` starts listening."""
        self._signals: queue.SimpleQueue[None] = queue.SimpleQueue()

    def listen(self, supervisor_fd: int) -> None:
        """Listen for SIGTERM, SIGINT and the end of standard input, which the supervisor holds open."""

        def notify(_signal: int, _frame: FrameType | None) -> None:
            self._signals.put(None)  # unlike an event's, its lock can't be held by the interrupted thread

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, notify)

        def monitor() -> None:
            while os.read(supervisor_fd, 1):
                pass
            self._signals.put(None)

        threading.Thread(target=monitor, name="supervisor", daemon=True).start()

    def has_come(self, *, within_s: float) -> bool:
        """Wait at most this long; return whether the signal has come."""
        try:
            self._signals.get(timeout=within_s)
        except queue.Empty:
            return False
        return True


def work_until(end: Callable[[float], bool], spike: Spike) -> Shutdown:
    """Run jobs until `end`, called repeatedly with a number of seconds to wait, returns true, or until a job hangs.

    Raises:
        Unavailable: the database is unavailable.
    """
    log = get_logger(__name__)
    limits = spike.jobs.transitions.limits  # which follow the largest tier on offer
    with working(spike) as active_jobs:
        spike.prepare_to_work()
        log.info("working", pid=os.getpid(), threads=spike.settings.worker_threads)
        while not end(LOOK_S):
            if stuck := active_jobs.overdue(now=spike.clock.now(), work_time_max=limits.work_time_max):
                log.error(
                    "jobs exceed the time limit; this process will be replaced", jobs=[str(job.id) for job in stuck]
                )
                return Shutdown.STUCK
        log.info("shutting down", jobs_in_work=len(active_jobs.jobs))
        return Shutdown.SIGNALLED
