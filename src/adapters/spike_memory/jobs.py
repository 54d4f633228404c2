"""Jobs in memory."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from attrs import frozen

from spike_core.domain.errors import JobChanged, JobNotFound
from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.jobs import ClaimedJob, Job, PendingJob, StartedJob
from spike_core.domain.transitions import check_transition
from spike_memory.state import Rows

AnyJob = TypeVar("AnyJob", bound=Job)


@frozen
class MemoryJobs:
    """See the port."""

    _rows: Rows

    def add(self, jobs: Sequence[PendingJob]) -> None:
        """Store new jobs."""
        state = self._rows.check_writable()
        for job in jobs:
            assert job.id not in state.jobs, "ids are new"
            assert job.order.image_id in state.images, "a job is about an image that is there"
            state.jobs[job.id] = job

    def get(self, job_id: JobId) -> Job:
        """Return the job."""
        try:
            return self._rows.state.jobs[job_id]
        except KeyError as error:
            raise JobNotFound from error

    def find(self, job_ids: Collection[JobId]) -> Mapping[JobId, Job]:
        """Return those that exist."""
        jobs = self._rows.state.jobs
        return {job_id: jobs[job_id] for job_id in job_ids if job_id in jobs}

    def of_image(self, image_id: ImageId) -> Sequence[Job]:
        """Return the image's jobs, oldest first."""
        return _oldest_first(job for job in self._rows.state.jobs.values() if job.order.image_id == image_id)

    def replace(self, job: Job, *, by: Job) -> None:
        """Compare and set."""
        state = self._rows.check_writable()
        assert job.id == by.id, "a job stays itself"
        check_transition(job, by)
        stored = state.jobs.get(job.id)
        if stored is None or stored.fence != job.fence:
            raise JobChanged
        state.jobs[job.id] = by

    def positions(self, job_ids: Collection[JobId]) -> Mapping[JobId, int]:
        """Return the places in the queue of those that wait."""
        waiting = _oldest_first(
            job for job in self._rows.state.jobs.values() if isinstance(job, PendingJob | StartedJob)
        )
        return {job.id: place for place, job in enumerate(waiting, start=1) if job.id in job_ids}


@frozen
class MemoryOverdueJobs:
    """See the port."""

    _rows: Rows

    def expired(self, *, now: datetime, limit: int) -> Sequence[ClaimedJob]:
        """Return claimed jobs whose lease has run out."""
        return [job for job in self._all(ClaimedJob) if job.leased_until <= now][:limit]

    def undelivered(self, *, started_before: datetime, limit: int) -> Sequence[StartedJob]:
        """Return started jobs that nobody claimed."""
        return [job for job in self._all(StartedJob) if job.started_at < started_before][:limit]

    def unannounced(self, *, limit: int) -> Sequence[PendingJob]:
        """Return pending jobs without a message."""
        outbox = self._rows.state.outbox
        return [job for job in self._all(PendingJob) if job.id not in outbox][:limit]

    def _all(self, kind: type[AnyJob]) -> Sequence[AnyJob]:
        return _oldest_first(job for job in self._rows.state.jobs.values() if isinstance(job, kind))


def _oldest_first(jobs: Iterable[AnyJob]) -> list[AnyJob]:
    return sorted(jobs, key=lambda job: (job.order.created_at, job.id))
