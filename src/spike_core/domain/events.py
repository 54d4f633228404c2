"""Domain events: what has happened to jobs, tokens and images, for subscribers.

An event is recorded in the transaction of the change that it describes, and contains what a subscriber needs without a
query. Names of tiers and of kinds of tasks are text: an event describes the past, in which a tier may have existed that
the catalog no longer has.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar, Final, assert_never, get_args

from attrs import frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.identifiers import BatchId, EventId, ImageId, JobId, OwnerId, RequestId
from spike_core.domain.images import ImageName
from spike_core.domain.ledger import EntryKind, Reference
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.tasks import Blend, Enhancement, Generation, Modification, Task
from spike_core.domain.tokens import Tokens

EVENT_SCHEMA: Final = 1
"""The number of the events' JSON form. New fields don't change it; a removed or redefined field does."""


@frozen(kw_only=True)
class _Event:
    """The fields of every event."""

    event_type: ClassVar[str]
    id: EventId  # for subscribers to recognize an event that they have handled before
    owner_id: OwnerId
    occurred_at: datetime  # UTC


@frozen(kw_only=True)
class _JobEnded(_Event):
    """The fields of every event about the end of a job."""

    job_id: JobId
    image_id: ImageId | None  # `None` for a generation or modification
    batch_id: BatchId | None
    request_id: RequestId | None
    task: str  # ENHANCEMENT, BLEND, GENERATION or MODIFICATION
    tier: str
    charged: Tokens  # when the job was accepted
    balance: Tokens  # of the owner, after the job's end
    accepted_at: datetime
    attempt: int  # the number of attempts so far

    @property
    def subject(self) -> str:
        """Events with the same subject are handed over in order."""
        return self.job_id.text if self.image_id is None else self.image_id.text


@frozen(kw_only=True)
class JobCompleted(_JobEnded):
    """A job was delivered."""

    event_type: ClassVar[str] = "job.completed"
    result: ObjectKey  # of the picture in the blob store
    format: PictureFormat
    dimensions: Dimensions
    size_bytes: int
    method: str  # how the engine made it


@frozen(kw_only=True)
class JobRefunded(_JobEnded):
    """A job failed, and its charge was refunded."""

    event_type: ClassVar[str] = "job.refunded"
    reason: str


@frozen(kw_only=True)
class JobFailed(_JobEnded):
    """A job failed that had cost nothing."""

    event_type: ClassVar[str] = "job.failed"
    reason: str


@frozen(kw_only=True)
class JobCancelled(_JobEnded):
    """A job was cancelled, by its owner or with its image, and its charge was refunded."""

    event_type: ClassVar[str] = "job.cancelled"


@frozen(kw_only=True)
class TokensMoved(_Event):
    """A ledger entry was added to a wallet."""

    event_type: ClassVar[str] = "tokens.moved"
    sequence: int  # of the entry, among the owner's
    kind: EntryKind
    amount: int  # negative for spending
    balance: Tokens  # after the entry
    job_id: JobId | None  # the job that was charged or refunded, if any
    reason: str
    reference: Reference | None = None  # of a credit or a debit, such as the id of a payment

    @property
    def subject(self) -> str:
        """Events with the same subject are handed over in order."""
        return self.owner_id.text


@frozen(kw_only=True)
class ImageUploaded(_Event):
    """An image was stored."""

    event_type: ClassVar[str] = "image.uploaded"
    image_id: ImageId
    name: ImageName
    description: str | None
    format: PictureFormat
    dimensions: Dimensions
    size_bytes: int
    original: ObjectKey  # in the blob store
    is_public: bool

    @property
    def subject(self) -> str:
        """Events with the same subject are handed over in order."""
        return self.image_id.text


@frozen(kw_only=True)
class ImageDeleted(_Event):
    """An image was deleted, by its owner or because it was anonymous and old. Its objects follow at once."""

    event_type: ClassVar[str] = "image.deleted"
    image_id: ImageId
    name: ImageName

    @property
    def subject(self) -> str:
        """Events with the same subject are handed over in order."""
        return self.image_id.text


Event = JobCompleted | JobRefunded | JobFailed | JobCancelled | TokensMoved | ImageUploaded | ImageDeleted

EVENT_TYPES: Final[Mapping[str, type[Event]]] = MappingProxyType({kind.event_type: kind for kind in get_args(Event)})


def task_name(task: Task) -> str:
    """Return the name of a task's kind, which is the API's."""
    match task:
        case Enhancement():
            return "ENHANCEMENT"
        case Blend():
            return "BLEND"
        case Generation():
            return "GENERATION"
        case Modification():
            return "MODIFICATION"
        case unreachable:
            assert_never(unreachable)
