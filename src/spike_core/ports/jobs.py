"""The job repository port."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.cursors import JobCursor, StartCursor
from spike_core.domain.identifiers import BatchId, ImageId, JobId, OwnerId
from spike_core.domain.jobs import ClaimedJob, CompletedJob, Job, PendingJob
from spike_core.domain.priorities import Priority
from spike_core.domain.queue_order import QueueOrder, WaitingOwner
from spike_core.domain.tiers import Tier


class JobRepository(Protocol):
    """All jobs, within one transaction.

    A pending job without an outbox message is held back. A job is in flight once it is announced in the outbox, started
    or claimed.
    """

    def add(self, jobs: Sequence[PendingJob]) -> None:
        """Store new jobs."""

    def get(self, job_id: JobId) -> Job:
        """Return the job; in a writing transaction it is locked until the end.

        Raises:
            JobNotFound: no job has this id.
        """

    def find(self, job_ids: Collection[JobId]) -> Mapping[JobId, Job]:
        """Return those of the jobs that exist; in a writing transaction they are locked until the end.

        Lock order: the owner's wallet, if needed, must be locked before.
        """

    def replace(self, job: Job, *, by: Job) -> None:
        """Compare and set: store `by` if the stored job still has the fence of `job`.

        Raises:
            IllegalTransition: there is no such transition.
            JobChanged: the stored job has another fence, or was deleted; nothing changed.
        """

    def start(self, jobs: Sequence[PendingJob], *, now: datetime) -> Collection[JobId]:
        """Start those of the jobs that still have their fence, and return their ids."""

    def of_image(self, image_id: ImageId) -> Sequence[Job]:
        """Return the image's jobs, oldest first."""

    def newest_of_image(self, image_id: ImageId, *, before: JobCursor | None = None, limit: int) -> Sequence[Job]:
        """Return at most `limit` of the image's jobs after `before`, newest first."""

    def newest_results(self, image_ids: Collection[ImageId], *, tier: Tier | None = None) -> Sequence[CompletedJob]:
        """Return each image's newest completed job, of one tier if it is given, in any order.

        Images without one are left out. The number of queries doesn't depend on the number of images.
        """

    def count_of_image(self, image_id: ImageId) -> int:
        """Return how many jobs the image has; 0 if there is no such image."""

    def count_open(self, image_ids: Collection[ImageId]) -> Mapping[ImageId, int]:
        """Return how many of each image's jobs haven't ended, without images that have none."""

    def of_batch(self, batch_id: BatchId) -> Sequence[Job]:
        """Return the batch's jobs, oldest first; none if there is no such batch."""

    def generations(self, owner_id: OwnerId, *, before: JobCursor | None = None, limit: int) -> Sequence[Job]:
        """Return at most `limit` of the owner's generations and modifications after `before`, newest first."""

    def with_expired_lease(self, *, now: datetime, limit: int) -> Sequence[ClaimedJob]:
        """Return at most `limit` claimed jobs whose lease has expired at `now`, oldest first."""

    def started(
        self, priority: Priority, *, before: datetime, after: StartCursor | None = None, limit: int
    ) -> Sequence[StartCursor]:
        """Return at most `limit` unclaimed jobs of this priority that were started before then, after `after`.

        They are in the order in which they were started, in which the queue has their messages. The cost depends on
        `limit`, not on how many jobs there are.
        """

    def in_flight(self, owner_id: OwnerId, *, limit: int) -> Sequence[Tier]:
        """Return the tiers of the owner's jobs in flight, of at most `limit` jobs, oldest first.

        The bound keeps the cost independent of the number of the owner's jobs.
        """

    def others_wait(self, owner_id: OwnerId) -> bool:
        """Return whether jobs of another owner wait for a worker: unclaimed, in flight or held back."""

    def held_back(self, owner_id: OwnerId, *, limit: int) -> Sequence[PendingJob]:
        """Return at most `limit` of the owner's held-back jobs, oldest first."""

    def waiting_owners(self, *, after: OwnerId | None = None, count_max: int, limit: int) -> Sequence[WaitingOwner]:
        """Return at most `limit` owners with held-back jobs, ordered by id, after the id `after` or from the first.

        Their jobs in flight are counted no further than `count_max`. The cost depends on `limit`, not on how many jobs
        these owners hold back.
        """

    def queue_order(self, *, limit: int) -> QueueOrder:
        """Return the order of the jobs that no worker has claimed yet, at most of the `limit` oldest."""
