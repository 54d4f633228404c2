"""Both ends of a Dramatiq broker, in this process or on a server."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

import dramatiq

from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.ports.broker import WorkerPool
from spike_core.ports.queue import JobQueue
from spike_dramatiq.queue import QUEUE_NAMES, DramatiqQueue
from spike_dramatiq.worker import working


class DramatiqBroker:
    """Carries job ids; what it holds may be lost at any time, and the database brings it back.

    It takes messages from the beginning, works for one context at a time, and can work again after that: what wasn't
    begun is kept.

    The `broker` should come without middleware: docs/decisions/0011.
    """

    def __init__(
        self, broker: dramatiq.Broker, *, is_in_process: bool, ask: Callable[[], object] = lambda: None
    ) -> None:
        """Carry by this broker; nobody is at work yet. `ask` raises a `dramatiq.BrokerError` where it has gone."""
        self._broker = broker
        self._ask = ask
        self._is_in_process = is_in_process
        for name in QUEUE_NAMES.values():
            broker.declare_queue(name)
        self._working = threading.Lock()

    @property
    def queue(self) -> JobQueue:
        """The sending end."""
        return DramatiqQueue(self._broker)

    @property
    def is_in_process(self) -> bool:
        """Whether messages and workers live and die with this process."""
        return self._is_in_process

    def ping(self) -> None:
        """Check that the queue is there; see the port."""
        try:
            self._ask()
        except dramatiq.BrokerError as error:
            raise QueueUnavailable from error

    def work(
        self, perform: Callable[[JobId], None], *, pool: WorkerPool, drain: timedelta
    ) -> AbstractContextManager[None]:
        """Call `perform` with each message; see the port. While the server is away it waits for it."""
        return self._work(perform, pool, drain)

    @contextmanager
    def _work(self, perform: Callable[[JobId], None], pool: WorkerPool, drain: timedelta) -> Iterator[None]:
        is_free = self._working.acquire(blocking=False)
        assert is_free, "this broker works already"
        try:
            with working(self._broker, perform, pool=pool, drain=drain):
                yield
        finally:
            self._working.release()
