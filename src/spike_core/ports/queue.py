"""The job queue port."""

from typing import Protocol

from spike_core.domain.identifiers import JobId


class JobQueue(Protocol):
    """The way to the workers. A hint only: the database is the truth.

    Messages may be lost, doubled and reordered; whoever receives one claims the job first.
    """

    def send(self, job_id: JobId) -> None:
        """Hand a job's id to some worker, now.

        Raises:
            QueueUnavailable: the message wasn't taken, as far as can be told.
        """
