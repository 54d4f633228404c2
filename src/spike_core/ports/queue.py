"""The job queue port."""

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
