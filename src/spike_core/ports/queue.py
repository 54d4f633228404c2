"""The job queue port."""

from typing import Protocol

from spike_core.domain.identifiers import JobId
from spike_core.domain.priorities import Priority


class JobQueue(Protocol):
    """The way to the workers. A hint only: the database is the truth.

    Messages may be lost, doubled and reordered; whoever receives one claims the job first.
    """

    def send(self, job_id: JobId, *, priority: Priority) -> None:
        """Hand a job's id to some worker, now. It waits behind others of its lane alone.

        Raises:
            QueueUnavailable: the message wasn't taken, as far as can be told.
        """
