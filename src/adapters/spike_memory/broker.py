"""A broker in memory: threads that take what the queue holds."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from spike_core.domain.errors import NothingToClaim
from spike_core.domain.identifiers import JobId
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

    def work(self, perform: Callable[[JobId], None], *, threads: int) -> AbstractContextManager[None]:
        """Perform messages until the context ends; see the port."""
        return self._work(perform, threads)

    @contextmanager
    def _work(self, perform: Callable[[JobId], None], count: int) -> Iterator[None]:
        ended = threading.Event()

        def run() -> None:
            while not ended.is_set():
                job_id = self._queue.take(timeout_s=0.02)
                if job_id is None:
                    continue
                try:
                    perform(job_id)
                except NothingToClaim:
                    _log.debug("nothing to claim: a duplicate message")
                except Exception:  # noqa: BLE001  # the worker goes on, whatever it was
                    _log.exception("performing %s failed", job_id)

        workers = [threading.Thread(target=run, name=f"memory-worker-{number}") for number in range(count)]
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            ended.set()
            for worker in workers:
                worker.join()
