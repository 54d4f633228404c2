"""Jobs: states as types.

A job is one of six classes; what a state needs, its class demands, so a completed job without a result can't be
built. Two classes share the status PROCESSING: a `StartedJob` waits in a worker queue, a `ClaimedJob` is held by a
worker under a lease. Moves return a new object; which moves exist is also written down in `transitions`.
"""

from datetime import datetime, timedelta
from enum import Enum
from typing import ClassVar, Self

from attrs import evolve, field, frozen, validators

from spike_core.domain.cursors import JobCursor
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.identifiers import BatchId, ImageId, JobId, OwnerId, RequestId
from spike_core.domain.images import Image
from spike_core.domain.limits import METHOD_CHARS_MAX
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.tasks import Blend, Enhancement, JobInput, Modification, Task
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens


class JobStatus(Enum):
    """A job's state as clients see it. The names are the API's."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"
    CANCELLED = "CANCELLED"


@frozen(kw_only=True)
class Fence:
    """What a compare-and-set compares: a write is valid only while the stored job has the same fence."""

    status: JobStatus
    claimed: bool
    attempt: int


@frozen(kw_only=True)
class Result:
    """An enhanced picture in the blob store."""

    key: ObjectKey
    format: PictureFormat
    dimensions: Dimensions
    size_bytes: int = field(validator=validators.ge(1))
    method: str = field(default="", validator=validators.max_len(METHOD_CHARS_MAX))  # how the engine made it


@frozen(kw_only=True)
class JobSpec:
    """What was asked for and paid, the same in every state."""

    id: JobId
    owner_id: OwnerId
    task: Task
    tier: Tier
    charged: Tokens  # what it did cost, whatever the tier costs today
    batch_id: BatchId | None = None  # what was asked for together
    request_id: RequestId | None = None  # the request that asked, where there was one
    created_at: datetime

    @classmethod
    def on(cls, image: Image, tier: Tier, *, id_: JobId, request_id: RequestId | None, now: datetime) -> Self:
        """Return an owner's order to enhance an image, at today's price."""
        return cls(
            id=id_,
            owner_id=image.owner_id,
            task=Enhancement(image_id=image.id),
            tier=tier,
            charged=tier.price,
            request_id=request_id,
            created_at=now,
        )

    @property
    def image_id(self) -> ImageId | None:
        """The image that the job is about; `None` where a picture is made from words or from what came along."""
        return self.task.image_id if isinstance(self.task, Enhancement | Blend) else None

    @property
    def input(self) -> JobInput | None:
        """The picture that came with the request, where one did."""
        match self.task:
            case Blend(source=JobInput() as source):
                return source
            case Modification():
                return self.task.input
            case _:
                return None

    @property
    def cursor(self) -> JobCursor:
        """The order's place in a list by age."""
        return JobCursor(self.created_at, self.id)


@frozen(kw_only=True)
class _State:
    """What every state has."""

    status: ClassVar[JobStatus]
    spec: JobSpec
    attempt: int = field(default=0, validator=validators.ge(0))  # claims so far; the fencing token
    crashes: int = field(default=0, validator=validators.ge(0))  # attempts that ended in silence

    @property
    def id(self) -> JobId:
        """The job's id."""
        return self.spec.id

    @property
    def fence(self) -> Fence:
        """What must still be stored for a move from here to be valid."""
        return Fence(status=self.status, claimed=isinstance(self, ClaimedJob), attempt=self.attempt)


@frozen(kw_only=True)
class _Unsettled(_State):
    """What the states before the end have in common: each may fail or be cancelled."""

    @property
    def began_at(self) -> datetime | None:
        """When the attempt that is under way began; `None` where none is."""
        return None

    def cancel(self, *, now: datetime) -> "CancelledJob":
        """Stop the job at its owner's wish; what it was charged is refunded."""
        return CancelledJob(
            spec=self.spec, attempt=self.attempt, crashes=self.crashes, claimed_at=self.began_at, ended_at=now
        )

    def fail(self, reason: str, *, now: datetime) -> "FailedJob | RefundedJob":
        """End the job without a result: refunded where it was charged, failed where it was free."""
        kind = RefundedJob if self.spec.charged else FailedJob
        return kind(
            spec=self.spec,
            attempt=self.attempt,
            crashes=self.crashes,
            claimed_at=self.began_at,
            reason=reason,
            ended_at=now,
        )


@frozen(kw_only=True)
class _Claimable(_Unsettled):
    """What the two waiting states have in common: a worker may take them."""

    def claim(self, *, now: datetime, lease: timedelta) -> "ClaimedJob":
        """Begin the next attempt, for one worker, until the lease runs out."""
        return ClaimedJob(
            spec=self.spec,
            attempt=self.attempt + 1,
            crashes=self.crashes,
            claimed_at=now,
            leased_until=now + lease,
        )


@frozen(kw_only=True)
class PendingJob(_Claimable):
    """Accepted and paid, not yet handed to a worker queue: announced in the outbox, or waiting for its turn."""

    status: ClassVar[JobStatus] = JobStatus.PENDING

    def start(self, *, now: datetime) -> "StartedJob":
        """Note that a worker queue has taken the job's id."""
        return StartedJob(spec=self.spec, attempt=self.attempt, crashes=self.crashes, started_at=now)


@frozen(kw_only=True)
class StartedJob(_Claimable):
    """Handed to a worker queue, not yet claimed by a worker."""

    status: ClassVar[JobStatus] = JobStatus.PROCESSING
    started_at: datetime

    def requeue(self) -> PendingJob:
        """Take the job back for another hand-over, its message being lost."""
        return PendingJob(spec=self.spec, attempt=self.attempt, crashes=self.crashes)


@frozen(kw_only=True)
class ClaimedJob(_Unsettled):
    """Held by one worker until its lease runs out."""

    status: ClassVar[JobStatus] = JobStatus.PROCESSING
    claimed_at: datetime
    leased_until: datetime
    progress: int = field(default=0, validator=[validators.ge(0), validators.lt(100)])  # percent

    @property
    def began_at(self) -> datetime:
        """When the attempt that is under way began."""
        return self.claimed_at

    def renew(self, *, now: datetime, lease: timedelta, progress: int) -> "ClaimedJob":
        """Show that the worker lives, and how far it is."""
        return evolve(self, leased_until=now + lease, progress=max(self.progress, progress))

    def complete(self, result: Result, *, now: datetime) -> "CompletedJob":
        """Deliver the result."""
        return CompletedJob(
            spec=self.spec,
            attempt=self.attempt,
            crashes=self.crashes,
            claimed_at=self.claimed_at,
            result=result,
            ended_at=now,
        )

    def release(self) -> PendingJob:
        """Give the job back for another attempt, after transient trouble or at a worker's orderly end."""
        return PendingJob(spec=self.spec, attempt=self.attempt, crashes=self.crashes)

    def expire_lease(self) -> PendingJob:
        """Give the job back for another attempt, its worker having fallen silent."""
        return PendingJob(spec=self.spec, attempt=self.attempt, crashes=self.crashes + 1)


@frozen(kw_only=True)
class CompletedJob(_State):
    """Done and delivered."""

    status: ClassVar[JobStatus] = JobStatus.COMPLETED
    claimed_at: datetime
    result: Result
    ended_at: datetime


@frozen(kw_only=True)
class FailedJob(_State):
    """Ended without a result; it had cost nothing."""

    status: ClassVar[JobStatus] = JobStatus.FAILED
    claimed_at: datetime | None = None  # when the attempt began that was under way, if one was
    reason: str
    ended_at: datetime

    def __attrs_post_init__(self) -> None:
        """Assert the law: only a free job may fail for good."""
        assert not self.spec.charged, "a failed job that was charged is refunded"


@frozen(kw_only=True)
class RefundedJob(_State):
    """Ended without a result; what it had cost is back in the wallet."""

    status: ClassVar[JobStatus] = JobStatus.REFUNDED
    claimed_at: datetime | None = None  # when the attempt began that was under way, if one was
    reason: str
    ended_at: datetime

    def __attrs_post_init__(self) -> None:
        """Assert the law: a refund gives back something."""
        assert self.spec.charged, "a free job has nothing to refund"


@frozen(kw_only=True)
class CancelledJob(_State):
    """Ended at its owner's wish; what it had cost is back in the wallet."""

    status: ClassVar[JobStatus] = JobStatus.CANCELLED
    claimed_at: datetime | None = None  # when the attempt began that was under way, if one was
    ended_at: datetime


WaitingJob = PendingJob | StartedJob
UnsettledJob = WaitingJob | ClaimedJob
SettledJob = CompletedJob | FailedJob | RefundedJob | CancelledJob
Job = UnsettledJob | SettledJob
