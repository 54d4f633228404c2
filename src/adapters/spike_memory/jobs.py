"""Jobs in memory."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from attrs import frozen

from spike_core.domain.cursors import JobCursor, StartCursor
from spike_core.domain.errors import InvariantViolated, JobChanged, JobNotFound
from spike_core.domain.identifiers import BatchId, ImageId, JobId, OwnerId
from spike_core.domain.jobs import ClaimedJob, CompletedJob, Job, PendingJob, SettledJob, StartedJob
from spike_core.domain.priorities import Priority
from spike_core.domain.queue_order import QueueOrder, UnclaimedJob, WaitingOwner
from spike_core.domain.tasks import Creation
from spike_core.domain.tiers import Tier
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
            if job.id in state.jobs:
                raise InvariantViolated("a new job's id is new")
            image_id = job.spec.image_id
            if not (image_id is None or image_id in state.images or image_id in state.removed):
                raise InvariantViolated("a job's image exists")
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

    def replace(self, job: Job, *, by: Job) -> None:
        """Compare and set."""
        state = self._rows.check_writable()
        if job.id != by.id:
            raise InvariantViolated("a job keeps its id")
        check_transition(job, by)
        stored = state.jobs.get(job.id)
        if stored is None or stored.fence != job.fence:
            raise JobChanged
        state.jobs[job.id] = by

    def start(self, jobs: Sequence[PendingJob], *, now: datetime) -> Collection[JobId]:
        """Compare and set for many."""
        state = self._rows.check_writable()
        pending = [job for job in jobs if job.id in state.jobs and state.jobs[job.id].fence == job.fence]
        state.jobs.update({job.id: job.start(now=now) for job in pending})
        return {job.id for job in pending}

    def of_image(self, image_id: ImageId) -> Sequence[Job]:
        """Return the jobs about the image."""
        return _oldest_first(job for job in self._rows.state.jobs.values() if job.spec.image_id == image_id)

    def newest_of_image(self, image_id: ImageId, *, before: JobCursor | None = None, limit: int) -> Sequence[Job]:
        """Return a page of the image's jobs."""
        return [job for job in self.of_image(image_id)[::-1] if before is None or job.spec.cursor < before][:limit]

    def newest_results(self, image_ids: Collection[ImageId], *, tier: Tier | None = None) -> Sequence[CompletedJob]:
        """Return each image's newest completed job."""
        completed = [job for job in self._all(CompletedJob) if tier in {None, job.spec.tier}]
        newest = {job.spec.image_id: job for job in completed if job.spec.image_id in set(image_ids)}
        return list(newest.values())

    def count_of_image(self, image_id: ImageId) -> int:
        """Return how many jobs the image has."""
        return len(self.of_image(image_id))

    def count_open(self, image_ids: Collection[ImageId]) -> Mapping[ImageId, int]:
        """Return how many of each image's jobs haven't ended."""
        unsettled = [job for job in self._rows.state.jobs.values() if not isinstance(job, SettledJob)]
        return Counter(id_ for job in unsettled if (id_ := job.spec.image_id) is not None and id_ in image_ids)

    def of_batch(self, batch_id: BatchId) -> Sequence[Job]:
        """Return the batch's jobs."""
        return _oldest_first(job for job in self._rows.state.jobs.values() if job.spec.batch_id == batch_id)

    def generations(self, owner_id: OwnerId, *, before: JobCursor | None = None, limit: int) -> Sequence[Job]:
        """Return a page of the owner's generations and modifications."""
        jobs = [
            job
            for job in self._rows.state.jobs.values()
            if job.spec.owner_id == owner_id and isinstance(job.spec.task, Creation)
        ]
        page = [job for job in jobs if before is None or job.spec.cursor < before]
        return sorted(page, key=lambda job: job.spec.cursor, reverse=True)[:limit]

    def with_expired_lease(self, *, now: datetime, limit: int) -> Sequence[ClaimedJob]:
        """Return claimed jobs whose lease has run out."""
        return [job for job in self._all(ClaimedJob) if job.leased_until <= now][:limit]

    def started(
        self, priority: Priority, *, before: datetime, after: StartCursor | None = None, limit: int
    ) -> Sequence[StartCursor]:
        """Return started jobs that are unclaimed, page by page."""
        jobs = [
            job for job in self._rows.state.jobs.values() if isinstance(job, StartedJob) and job.started_at < before
        ]
        cursors = [StartCursor(job.started_at, job.id) for job in jobs if job.spec.priority is priority]
        return sorted(cursor for cursor in cursors if after is None or cursor > after)[:limit]

    def _all(self, kind: type[AnyJob]) -> Sequence[AnyJob]:
        return _oldest_first(job for job in self._rows.state.jobs.values() if isinstance(job, kind))

    def in_flight(self, owner_id: OwnerId, *, limit: int) -> Sequence[Tier]:
        """Return the tiers of the owner's jobs in flight, at most `limit`."""
        jobs = _oldest_first(job for job in self._rows.state.jobs.values() if job.spec.owner_id == owner_id)
        moving = [job for job in jobs if not isinstance(job, SettledJob) and not self._is_held_back(job)]
        return [job.spec.tier for job in moving][:limit]

    def others_wait(self, owner_id: OwnerId) -> bool:
        """Return whether jobs of another owner wait for a worker."""
        jobs = self._rows.state.jobs.values()
        return any(isinstance(job, PendingJob | StartedJob) and job.spec.owner_id != owner_id for job in jobs)

    def held_back(self, owner_id: OwnerId, *, limit: int) -> Sequence[PendingJob]:
        """Return the owner's held-back jobs."""
        return [job for job in self._held_back() if job.spec.owner_id == owner_id][:limit]

    def waiting_owners(self, *, after: OwnerId | None = None, count_max: int, limit: int) -> Sequence[WaitingOwner]:
        """Return owners with held-back jobs."""
        owners = sorted({job.spec.owner_id for job in self._held_back()})
        page = [owner_id for owner_id in owners if after is None or owner_id > after][:limit]
        return [WaitingOwner(owner_id, len(self.in_flight(owner_id, limit=count_max))) for owner_id in page]

    def queue_order(self, *, limit: int) -> QueueOrder:
        """Return the order of the unclaimed jobs."""
        jobs = _oldest_first(job for job in self._rows.state.jobs.values() if isinstance(job, PendingJob | StartedJob))
        return QueueOrder.of(
            UnclaimedJob(job.spec.created_at, job.id.text, job.spec.owner_id.text, self._is_held_back(job))
            for job in jobs[:limit]
        )

    def _held_back(self) -> Sequence[PendingJob]:
        jobs = self._rows.state.jobs.values()
        return _oldest_first(job for job in jobs if isinstance(job, PendingJob) and self._is_held_back(job))

    def _is_held_back(self, job: Job) -> bool:
        return isinstance(job, PendingJob) and job.id not in self._rows.state.outbox


def _oldest_first(jobs: Iterable[AnyJob]) -> list[AnyJob]:
    return sorted(jobs, key=lambda job: (job.spec.created_at, job.id))
