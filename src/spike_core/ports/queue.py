"""The job queue port."""

from collections.abc import Collection
from typing import Protocol

from spike_core.domain.identifiers import JobId
from spike_core.domain.priorities import Priority


class JobQueue(Protocol):
    """Sends job ids to the workers. Messages are only hints: the database is authoritative.

    They may be lost, duplicated and reordered; a worker claims the job before it starts.
    """

    def send(self, job_id: JobId, *, priority: Priority) -> None:
        """Send a job's id to a worker. It waits only behind messages of its own priority or a higher one.

        Raises:
            QueueUnavailable: the queue didn't acknowledge the message.
        """

    def held(self, job_ids: Collection[JobId]) -> Collection[JobId]:
        """Return those of the jobs whose message the queue holds: sent, and not yet performed to its end.

        A queue that has lost its memory holds nothing. It may forget a message that it holds, which sends the job
        twice, but must not remember one that it has lost: that job would wait for ever.

        Raises:
            QueueUnavailable: the queue didn't answer.
        """

    def instance_id(self) -> str:
        """Return which instance of the queue answers: another text after a restart, a failover, or a restored copy.

        While it stays the same, the queue may lose single messages, or all of them, but not the latest ones alone.

        Raises:
            QueueUnavailable: the queue didn't answer.
        """
