"""A broker whose messages and workers live in this process."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Final

import dramatiq

from spike_core.domain.errors import NothingToClaim
from spike_core.domain.identifiers import JobId
from spike_core.ports.queue import JobQueue
from spike_dramatiq.queue import ACTOR_NAME, QUEUE_NAME, DramatiqQueue
from spike_dramatiq.stub import KeepingStubBroker

DRAIN_TIME_MAX: Final = timedelta(minutes=10)  # work that takes longer is left to its lease
# How often idle threads look whether they should stop. A message wakes them at once.
IDLE_TIME: Final = timedelta(milliseconds=50)

_MILLISECOND: Final = timedelta(milliseconds=1)
_log: Final = logging.getLogger(__name__)


class InProcessBroker:
    """Carries job ids through memory; what it holds dies with the process, and the database brings it back.

    It takes messages from the beginning, works for one context at a time, and can work again after that: what wasn't
    begun is kept.

    It runs without any of Dramatiq's middleware. Retries and age limits are the database's business. A time limit
    would raise an exception in the middle of whatever the thread is doing, a transaction or a rename, and yet not stop
    a call into C: the upscaler limits its own time, and a dead worker's lease runs out.
    """

    def __init__(self) -> None:
        """Begin empty, with nobody at work."""
        self._broker = KeepingStubBroker(middleware=[])
        self._broker.declare_queue(QUEUE_NAME)
        self._working = threading.Lock()

    @property
    def queue(self) -> JobQueue:
        """The sending end."""
        return DramatiqQueue(self._broker)

    @property
    def is_in_process(self) -> bool:
        """Yes."""
        return True

    def work(self, perform: Callable[[JobId], None], *, threads: int) -> AbstractContextManager[None]:
        """Call `perform` with each message; see the port.

        Leaving waits for those in work at most `DRAIN_TIME_MAX`. For `IDLE_TIME` an idle thread may still begin one.
        """
        return self._work(perform, threads)

    @contextmanager
    def _work(self, perform: Callable[[JobId], None], threads: int) -> Iterator[None]:
        is_free = self._working.acquire(blocking=False)
        assert is_free, "this broker works already"

        @dramatiq.actor(broker=self._broker, actor_name=ACTOR_NAME, queue_name=QUEUE_NAME)
        def deliver(text: str) -> None:
            _perform(perform, text)

        worker = dramatiq.Worker(self._broker, worker_threads=threads, worker_timeout=IDLE_TIME // _MILLISECOND)
        middleware = list(self._broker.middleware)
        # Only Dramatiq's own command says that a process boots; middleware with a thread of its own waits for it.
        self._broker.emit_after("process_boot")
        try:
            worker.start()
            yield
        finally:
            worker.stop(timeout=DRAIN_TIME_MAX // _MILLISECOND)
            if any(thread.is_alive() for thread in worker.workers):
                _log.warning("work goes on after %s; it is left to its lease", DRAIN_TIME_MAX)
            self._broker.middleware[:] = middleware  # a worker adds its own and never takes it out
            del self._broker.actors[ACTOR_NAME]
            self._working.release()


def _perform(perform: Callable[[JobId], None], text: str) -> None:
    """Perform one job; whatever happens, the message is done with."""
    try:
        perform(JobId.parse(text))
    except NothingToClaim:
        _log.debug("job %s: nothing to claim", text)
    except Exception:  # noqa: BLE001  # a thread must outlive its messages
        _log.exception("job %s: the message is dropped", text)
