"""A broker in memory: threads that take what the queue holds."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Final

from spike_core.domain.errors import NothingToClaim, QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.priorities import Priority
from spike_core.ports.broker import WorkerPool
from spike_memory.queue import MemoryQueue

_log: Final = logging.getLogger(__name__)


class MemoryBroker:
    """Both ends of a queue that lives as long as this object."""

    def __init__(self) -> None:
        """Begin with an empty queue."""
        self._queue = MemoryQueue()

    @property
    def queue(self) -> MemoryQueue:
        """The sending end; tests may also look into it and take messages by hand."""
        return self._queue

    @property
    def is_in_process(self) -> bool:
        """Messages die with this object."""
        return True

    def ping(self) -> None:
        """Check that the queue is willing."""
        if self._queue.refuses:
            raise QueueUnavailable

    def work(
        self, perform: Callable[[JobId], None], *, pool: WorkerPool, drain: timedelta
    ) -> AbstractContextManager[None]:
        """Perform messages until the context ends; see the port."""
        return self._work(perform, pool, drain)

    @contextmanager
    def _work(self, perform: Callable[[JobId], None], pool: WorkerPool, drain: timedelta) -> Iterator[None]:
        ended = threading.Event()

        def run(priorities: frozenset[Priority]) -> None:
            while not ended.is_set():
                job_id = self._queue.take(priorities=priorities, timeout_s=0.02)
                if job_id is None:
                    continue
                try:
                    perform(job_id)
                except NothingToClaim:
                    _log.debug("nothing to claim: a duplicate message")
                except Exception:  # noqa: BLE001  # the worker goes on, whatever it was
                    _log.exception("performing %s failed", job_id)

        workers = [
            threading.Thread(target=run, args=(_priorities(number, pool),), name=f"memory-worker-{number}", daemon=True)
            for number in range(pool.size)
        ]
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            ended.set()
            until_s = time.monotonic() + drain.total_seconds()
            for worker in workers:
                worker.join(max(0.0, until_s - time.monotonic()))


def _priorities(number: int, pool: WorkerPool) -> frozenset[Priority]:
    """Return what the thread of this number, counted from 0, takes."""
    return frozenset(Priority) if number < pool.low_priority_max else frozenset({Priority.HIGH})
