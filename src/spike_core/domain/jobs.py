"""Jobs: a class for each state.

Each class requires what its state needs, so a completed job without a result can't be built. Two classes share the
status PROCESSING: a `StartedJob` is in a worker queue, a `ClaimedJob` is leased to a worker. Transitions return a new
object; `transitions` lists the legal ones.
"""

from datetime import datetime, timedelta
from enum import Enum
from typing import ClassVar, Self, assert_never

from attrs import evolve, field, frozen, validators

from spike_core.domain.catalog import SPECIFIED, Offer
from spike_core.domain.cursors import JobCursor
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvariantViolated
from spike_core.domain.hash_chain import row_checksum
from spike_core.domain.identifiers import BatchId, ImageId, JobId, OwnerId, RequestId
from spike_core.domain.limits import METHOD_CHARS_MAX
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.orders import Quote
from spike_core.domain.priorities import Priority
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.domain.renditions import Renditions
from spike_core.domain.tasks import Blend, Enhancement, Generation, JobInput, Modification, Task
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
    """The fencing token of a compare-and-set: a write applies only while the stored job has the same fence."""

    status: JobStatus
    claimed: bool
    attempt: int


@frozen(kw_only=True)
class Result:
    """A job's result in the blob store."""

    key: ObjectKey
    format: PictureFormat
    dimensions: Dimensions
    size_bytes: int = field(validator=validators.ge(1))
    sha256: bytes | None = field(default=None, repr=False)  # `None` if an older release stored it
    method: str = field(default="", validator=validators.max_len(METHOD_CHARS_MAX))  # how the engine made it
    renditions: Renditions | None = None  # `None` until they are made: the only thing that a settled job still gets


@frozen(kw_only=True)
class JobSpec:
    """What was ordered and paid for; the same in every state, whatever the catalog offers later.

    An order of a release without a catalog has no size of its own; it was for one of the specification's tiers.
    """

    id: JobId
    owner_id: OwnerId
    task: Task
    tier: Tier
    longest_side_px: int | None = None  # of the result, as sold; `None` if an older release sold it
    charged: Tokens  # the price when the job was accepted
    priority: Priority = field()
    options: RenderOptions = DEFAULT_OPTIONS  # of the result; the default if an older release sold it
    batch_id: BatchId | None = None  # of jobs that one request created together
    request_id: RequestId | None = None  # the request that created it, if any
    created_at: datetime

    @priority.default
    def _as_specified(self) -> Priority:
        """Return the priority that releases without a catalog gave the job."""
        if self.tier not in SPECIFIED:
            return Priority.LOW
        return _priority(self.task, SPECIFIED[self.tier])

    @classmethod
    def of(
        cls,
        task: Task,
        quote: Quote,
        *,
        id_: JobId,
        owner_id: OwnerId,
        request_id: RequestId | None,
        now: datetime,
    ) -> Self:
        """Return the specification of a task that is sold to its owner as quoted."""
        offer = quote.offer
        return cls(
            id=id_,
            owner_id=owner_id,
            task=task,
            tier=offer.tier,
            longest_side_px=offer.longest_side_px,
            charged=quote.price,
            priority=_priority(task, offer),
            options=quote.options,
            request_id=request_id,
            created_at=now,
        )

    @property
    def image_id(self) -> ImageId | None:
        """The image that the job enhances; `None` for a generation or modification."""
        return self.task.image_id if isinstance(self.task, Enhancement | Blend) else None

    @property
    def input(self) -> JobInput | None:
        """The picture that the request contained, if it contained one."""
        match self.task:
            case Blend(source=JobInput() as source):
                return source
            case Modification():
                return self.task.input
            case _:
                return None

    @property
    def checksum(self) -> bytes:
        """The checksum of the attributes that never change and that money or access depend on."""
        image_id = None if self.image_id is None else self.image_id.text
        return row_checksum(
            "job", self.id.text, self.owner_id.text, image_id, self.tier.name, self.charged.amount, self.created_at
        )

    @property
    def cursor(self) -> JobCursor:
        """The job's position in a list ordered by age."""
        return JobCursor(self.created_at, self.id)


def _priority(task: Task, offer: Offer) -> Priority:
    match task:
        case Enhancement() | Blend():
            return offer.priority
        case Generation() | Modification():
            return Priority.LOW
        case unreachable:
            assert_never(unreachable)


@frozen(kw_only=True)
class _State:
    """The attributes of every state."""

    status: ClassVar[JobStatus]
    spec: JobSpec
    attempt: int = field(default=0, validator=validators.ge(0))  # the number of claims so far; the fencing token
    crashes: int = field(default=0, validator=validators.ge(0))  # attempts whose lease expired

    @property
    def id(self) -> JobId:
        """The job's id."""
        return self.spec.id

    @property
    def fence(self) -> Fence:
        """The fence that a transition from this state is based on."""
        return Fence(status=self.status, claimed=isinstance(self, ClaimedJob), attempt=self.attempt)


@frozen(kw_only=True)
class _Unsettled(_State):
    """An unsettled state: the job may still fail or be cancelled."""

    @property
    def began_at(self) -> datetime | None:
        """When the current attempt began; `None` if there is none."""
        return None

    def cancel(self, *, now: datetime) -> "CancelledJob":
        """Cancel the job for its owner; its charge is refunded."""
        return CancelledJob(
            spec=self.spec, attempt=self.attempt, crashes=self.crashes, claimed_at=self.began_at, ended_at=now
        )

    def fail(self, reason: str, *, now: datetime) -> "FailedJob | RefundedJob":
        """End the job without a result: refunded if it was charged, failed if it was free."""
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
    """A state from which a worker may claim the job."""

    def claim(self, *, now: datetime, lease: timedelta) -> "ClaimedJob":
        """Begin the next attempt, leased to one worker."""
        return ClaimedJob(
            spec=self.spec,
            attempt=self.attempt + 1,
            crashes=self.crashes,
            claimed_at=now,
            leased_until=now + lease,
        )


@frozen(kw_only=True)
class PendingJob(_Claimable):
    """Accepted and paid, not yet in a worker queue: announced in the outbox, or held back by fair scheduling."""

    status: ClassVar[JobStatus] = JobStatus.PENDING

    def start(self, *, now: datetime) -> "StartedJob":
        """Record that a worker queue has accepted the job's message."""
        return StartedJob(spec=self.spec, attempt=self.attempt, crashes=self.crashes, started_at=now)


@frozen(kw_only=True)
class StartedJob(_Claimable):
    """In a worker queue, not yet claimed by a worker."""

    status: ClassVar[JobStatus] = JobStatus.PROCESSING
    started_at: datetime

    def requeue(self) -> PendingJob:
        """Return the job to PENDING so that it is sent again, its message having been lost."""
        return PendingJob(spec=self.spec, attempt=self.attempt, crashes=self.crashes)


@frozen(kw_only=True)
class ClaimedJob(_Unsettled):
    """Leased to one worker."""

    status: ClassVar[JobStatus] = JobStatus.PROCESSING
    claimed_at: datetime
    leased_until: datetime
    progress: int = field(default=0, validator=[validators.ge(0), validators.lt(100)])  # percent

    @property
    def began_at(self) -> datetime:
        """When the current attempt began."""
        return self.claimed_at

    def renew(self, *, now: datetime, lease: timedelta, progress: int) -> "ClaimedJob":
        """Renew the lease and record the progress, in percent; progress never decreases."""
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
        """Return the job for another attempt, after a transient error or at a graceful shutdown."""
        return PendingJob(spec=self.spec, attempt=self.attempt, crashes=self.crashes)

    def expire_lease(self) -> PendingJob:
        """Return the job for another attempt after its lease expired; the attempt counts as a crash."""
        return PendingJob(spec=self.spec, attempt=self.attempt, crashes=self.crashes + 1)


@frozen(kw_only=True)
class CompletedJob(_State):
    """Delivered."""

    status: ClassVar[JobStatus] = JobStatus.COMPLETED
    claimed_at: datetime
    result: Result
    ended_at: datetime


@frozen(kw_only=True)
class FailedJob(_State):
    """Ended without a result; the job was free."""

    status: ClassVar[JobStatus] = JobStatus.FAILED
    claimed_at: datetime | None = None  # when the last attempt began, if one was in progress
    reason: str
    ended_at: datetime

    def __attrs_post_init__(self) -> None:
        """Check that the job was free: a charged one is refunded."""
        if self.spec.charged:
            raise InvariantViolated("a failed job that was charged is refunded")


@frozen(kw_only=True)
class RefundedJob(_State):
    """Ended without a result; its charge was refunded."""

    status: ClassVar[JobStatus] = JobStatus.REFUNDED
    claimed_at: datetime | None = None  # when the last attempt began, if one was in progress
    reason: str
    ended_at: datetime

    def __attrs_post_init__(self) -> None:
        """Check that there was a charge to refund."""
        if not self.spec.charged:
            raise InvariantViolated("a free job has nothing to refund")


@frozen(kw_only=True)
class CancelledJob(_State):
    """Cancelled by its owner; its charge was refunded."""

    status: ClassVar[JobStatus] = JobStatus.CANCELLED
    claimed_at: datetime | None = None  # when the last attempt began, if one was in progress
    ended_at: datetime


WaitingJob = PendingJob | StartedJob
UnsettledJob = WaitingJob | ClaimedJob
SettledJob = CompletedJob | FailedJob | RefundedJob | CancelledJob
Job = UnsettledJob | SettledJob
