"""The jobs port."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import Job, PendingJob


class Jobs(Protocol):
    """The rows of all jobs, within one transaction."""

    def add(self, jobs: Sequence[PendingJob]) -> None:
        """Store new jobs."""

    def get(self, job_id: JobId) -> Job:
        """Return the job.

        Raises:
            JobNotFound: there is none.
        """

    def find(self, job_ids: Collection[JobId]) -> Mapping[JobId, Job]:
        """Return those of the jobs that exist; in a transaction that may write, nobody else moves them until its end.

        Whoever needs the owner's wallet too has locked it before.
        """

    def replace(self, job: Job, *, by: Job) -> None:
        """Compare and set: store `by` where the stored job still has the fence of `job`.

        Raises:
            IllegalTransition: no job may move from the one to the other.
            JobChanged: the stored job has another fence, or is gone; nothing changed.
        """

    def start(self, jobs: Sequence[PendingJob], *, now: datetime) -> Collection[JobId]:
        """Compare and set for many: start those of the jobs that still have their fence, and return which they are."""
