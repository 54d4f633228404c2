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
from spike_dramatiq.queue import QUEUE_NAMES, DramatiqQueue, Held, InstanceId
from spike_dramatiq.worker import working


class DramatiqBroker:
    """Carries job ids. Messages may be lost at any time; they are sent again from the database.

    It accepts messages as soon as it exists. One `work` context runs at a time, and another may follow it; messages
    that weren't started are kept.

    The `broker` should have no middleware: see docs/decisions/0011.
    """

    def __init__(
        self,
        broker: dramatiq.Broker,
        *,
        is_in_process: bool,
        held: Held,
        instance_id: InstanceId = lambda: "in this process",
        ask: Callable[[], object] = lambda: None,
    ) -> None:
        """Wrap a Dramatiq broker.

        `held` returns those of the messages' texts that it holds, `instance_id` which instance of it holds them. These
        two and `ask` raise a `dramatiq.BrokerError` if the broker is unavailable.
        """
        self._broker = broker
        self._held = held
        self._instance_id = instance_id
        self._ask = ask
        self._is_in_process = is_in_process
        for name in QUEUE_NAMES.values():
            broker.declare_queue(name)
        self._working = threading.Lock()

    @property
    def queue(self) -> JobQueue:
        """The sending end."""
        return DramatiqQueue(self._broker, self._held, self._instance_id)

    @property
    def is_in_process(self) -> bool:
        """Whether messages and workers exist only within this process."""
        return self._is_in_process

    def ping(self) -> None:
        """Check that the queue is available; see the port."""
        try:
            self._ask()
        except dramatiq.BrokerError as error:
            raise QueueUnavailable from error

    def work(
        self, perform: Callable[[JobId], None], *, pool: WorkerPool, drain: timedelta
    ) -> AbstractContextManager[None]:
        """Call `perform` for each message; see the port. While the server is unavailable it keeps waiting."""
        return self._work(perform, pool, drain)

    @contextmanager
    def _work(self, perform: Callable[[JobId], None], pool: WorkerPool, drain: timedelta) -> Iterator[None]:
        is_free = self._working.acquire(blocking=False)
        assert is_free, "the broker already runs a `work` context"
        try:
            with working(self._broker, perform, pool=pool, drain=drain):
                yield
        finally:
            self._working.release()
