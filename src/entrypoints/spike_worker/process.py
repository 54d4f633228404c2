"""A worker process: works until it is told to end, its supervisor is gone, or a job keeps a thread for good."""

import os
import queue
import signal
import threading
from collections.abc import Callable
from enum import Enum
from types import FrameType
from typing import Final

import structlog

from spike_runtime import Spike
from spike_worker.background import working

LOOK_S: Final = 1.0  # between two looks for jobs that take too long


class End(Enum):
    """Why a worker process ends; the value is its exit code."""

    TOLD = 0
    STUCK = 1  # a thread can't be stopped, a process can: the supervisor starts another


class EndOfWork:
    """Signals and the supervisor's death, as something to wait for."""

    def __init__(self) -> None:
        """Listen to nothing yet."""
        self._told: queue.SimpleQueue[None] = queue.SimpleQueue()

    def listen(self, supervisor_fd: int) -> None:
        """Hear SIGTERM, SIGINT and the end of what the supervisor writes, which is nothing."""

        def told(_signal: int, _frame: FrameType | None) -> None:
            self._told.put(None)  # unlike an event's, its lock can't be held by the very thread that is interrupted

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, told)

        def monitor() -> None:
            while os.read(supervisor_fd, 1):
                pass
            self._told.put(None)

        threading.Thread(target=monitor, name="supervisor", daemon=True).start()

    def has_come(self, *, within_s: float) -> bool:
        """Wait for the end so long."""
        try:
            self._told.get(timeout=within_s)
        except queue.Empty:
            return False
        return True


def work_until(end: Callable[[float], bool], spike: Spike) -> End:
    """Work until `end`, asked again and again to wait for so many seconds, says so, or until a job takes too long.

    Raises:
        Unavailable: the database doesn't answer.
    """
    log = structlog.get_logger(__name__)
    limits = spike.settings.job_limits
    with working(spike) as in_work:
        spike.prepare_to_work()
        log.info("working", pid=os.getpid(), threads=spike.settings.worker_threads)
        while not end(LOOK_S):
            if stuck := in_work.overdue(now=spike.clock.now(), work_time_max=limits.work_time_max):
                log.error(
                    "jobs take too long; this process makes room for another", jobs=[str(job.id) for job in stuck]
                )
                return End.STUCK
        log.info("ending", jobs_in_work=len(in_work.jobs))
        return End.TOLD
