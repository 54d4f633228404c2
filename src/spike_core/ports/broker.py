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
    """The threads that work in one process, and how many of them long work may never take."""

    threads: int = field(validator=validators.ge(1))
    quick_threads: int = field(default=0, validator=validators.ge(0))

    @property
    def low_priority_max(self) -> int:
        """How many may be at long work at once; a single thread has to do both."""
        return max(1, self.threads - self.quick_threads)


class Broker(Protocol):
    """Carries job ids from the service to the workers."""

    @property
    def queue(self) -> JobQueue:
        """The sending end."""

    @property
    def is_in_process(self) -> bool:
        """Whether messages and workers live and die with this process."""

    def ping(self) -> None:
        """Check that the queue is there, without sending anything.

        Raises:
            QueueUnavailable: it isn't.
        """

    def work(
        self, perform: Callable[[JobId], None], *, pool: WorkerPool, drain: timedelta
    ) -> AbstractContextManager[None]:
        """Call `perform` with each message, in the crew's threads, until the context ends.

        A thread that is free takes what there is, but at most `crew.low_priority_max` are at long work at once.

        Leaving the context takes no further message and waits for those in work, at most for `drain`. What `perform`
        raises is logged and ends that message: trying again is the database's business, not the queue's.
        """
