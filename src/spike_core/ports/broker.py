"""The broker port: both ends of the worker queue."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from spike_core.domain.identifiers import JobId
from spike_core.ports.queue import JobQueue


class Broker(Protocol):
    """Carries job ids from the service to the workers."""

    @property
    def queue(self) -> JobQueue:
        """The sending end."""

    @property
    def is_in_process(self) -> bool:
        """Whether messages and workers live and die with this process."""

    def work(self, perform: Callable[[JobId], None], *, threads: int) -> AbstractContextManager[None]:
        """Call `perform` with each message, in so many threads, until the context ends.

        Leaving the context takes no further message and waits for those in work. What `perform` raises is logged
        and ends that message: trying again is the database's business, not the queue's.
        """
