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
    """How many jobs one process runs at once, and how many of these places LOW and FREE jobs may never occupy."""

    size: int = field(validator=validators.ge(1))
    reserved: int = field(default=0, validator=validators.ge(0))

    @property
    def low_priority_max(self) -> int:
        """How many LOW and FREE jobs may run at once; at least one, even if there is a single place."""
        return max(1, self.size - self.reserved)


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
        """Call `perform` with each message, at most `pool.size` at once, until the context ends.

        At most `pool.low_priority_max` of them are LOW or FREE jobs. Of jobs that wait for the same place, a FREE one
        comes last.

        On exit, no further message is taken, and those in progress may finish within `drain`. An exception of `perform`
        is logged and ends its message; retries are driven by the database, not the queue.
        """
