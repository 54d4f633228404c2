"""The broker port: both ends of the worker queue."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol

from attrs import field, frozen, validators

from spike_core.domain.identifiers import JobId
from spike_core.ports.queue import JobQueue


@frozen(kw_only=True)
class WorkerPool:
    """The worker threads of one process, and how many of them LOW jobs may never occupy."""

    threads: int = field(validator=validators.ge(1))
    quick_threads: int = field(default=0, validator=validators.ge(0))

    @property
    def low_priority_max(self) -> int:
        """How many LOW jobs may run at once; at least one, even if there is a single thread."""
        return max(1, self.threads - self.quick_threads)


class Broker(Protocol):
    """Delivers job ids from the service to the workers."""

    @property
    def queue(self) -> JobQueue:
        """The sending end."""

    @property
    def is_in_process(self) -> bool:
        """Whether messages and workers exist only within this process."""

    def ping(self) -> None:
        """Check that the queue is available, without sending anything.

        Raises:
            QueueUnavailable: it isn't.
        """

    def work(
        self, perform: Callable[[JobId], None], *, pool: WorkerPool, drain: timedelta
    ) -> AbstractContextManager[None]:
        """Call `perform` with each message, in the pool's threads, until the context ends.

        At most `pool.low_priority_max` threads run LOW jobs at once.

        On exit, no further message is taken, and those in progress may finish within `drain`. An exception of `perform`
        is logged and ends its message; retries are driven by the database, not the queue.
        """
