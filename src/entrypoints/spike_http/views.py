"""What clients get: one class per JSON object of the API, built from domain values."""

from datetime import datetime
from typing import Any, Final, assert_never

from attrs import frozen

from spike_core.codec import make_converter
from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.jobs import (
    CancelledJob,
    ClaimedJob,
    CompletedJob,
    FailedJob,
    Job,
    JobStatus,
    PendingJob,
    RefundedJob,
    StartedJob,
)
from spike_core.domain.ledger import EntryKind, LedgerEntry
from spike_core.domain.objects import PictureFormat
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.services.gallery import ShownImage, ShownJob
from spike_core.services.treasury import Account, HistoryPage
from spike_core.services.uploads import Uploaded
from spike_http.links import Addresses

_CONVERTER: Final = make_converter()


def as_json(view: object) -> Any:
    """Return a view as plain data."""
    return _CONVERTER.unstructure(view)


@frozen(kw_only=True)
class UploadedImageView:
    """The image part of an upload's answer."""

    id: ImageId
    name: ImageName
    url: str
    width: int
    height: int
    size: int
    format: PictureFormat

    @classmethod
    def of(cls, image: Image, addresses: Addresses) -> "UploadedImageView":
        """Return the view of an image."""
        return cls(
            id=image.id,
            name=image.name,
            url=addresses.of(image.original, image),
            width=image.dimensions.width_px,
            height=image.dimensions.height_px,
            size=image.size_bytes,
            format=image.format,
        )


@frozen(kw_only=True)
class StartedEnhancementView:
    """The enhancement part of an upload's answer."""

    job_id: JobId
    tier: Tier
    token_cost: Tokens
    new_balance: Tokens


@frozen(kw_only=True)
class UploadView:
    """The answer to an upload."""

    success: bool = True
    image: UploadedImageView
    enhancement: StartedEnhancementView | None

    @classmethod
    def of(cls, uploaded: Uploaded, addresses: Addresses) -> "UploadView":
        """Return the view of an upload."""
        enhancement = None
        if uploaded.job is not None:
            order = uploaded.job.order
            enhancement = StartedEnhancementView(
                job_id=order.id, tier=order.tier, token_cost=order.charged, new_balance=uploaded.balance
            )
        return cls(image=UploadedImageView.of(uploaded.image, addresses), enhancement=enhancement)


@frozen(kw_only=True)
class EnhanceView:
    """The answer to an enhancement request."""

    success: bool = True
    job_id: JobId
    token_cost: Tokens
    new_balance: Tokens


@frozen(kw_only=True)
class JobView:
    """A job, in any state; what its state doesn't have is null."""

    id: JobId
    image_id: ImageId
    tier: Tier
    status: JobStatus
    tokens_cost: Tokens
    enhanced_url: str | None
    enhanced_width: int | None
    enhanced_height: int | None
    enhanced_size_bytes: int | None
    error_message: str | None
    created_at: datetime
    processing_started_at: datetime | None
    processing_completed_at: datetime | None
    progress: int  # percent
    queue_position: int | None  # 1 is next; null unless waiting
    source_image_id: ImageId | None = None
    is_blend: bool = False

    @classmethod
    def of(cls, job: Job, image: Image, position: int | None, addresses: Addresses) -> "JobView":
        """Return the view of a job of this image."""
        result = job.result if isinstance(job, CompletedJob) else None
        return cls(
            id=job.id,
            image_id=image.id,
            tier=job.order.tier,
            status=job.status,
            tokens_cost=job.order.charged,
            enhanced_url=addresses.of(result.key, image) if result else None,
            enhanced_width=result.dimensions.width_px if result else None,
            enhanced_height=result.dimensions.height_px if result else None,
            enhanced_size_bytes=result.size_bytes if result else None,
            error_message=job.reason if isinstance(job, FailedJob | RefundedJob) else None,
            created_at=job.order.created_at,
            processing_started_at=None if isinstance(job, PendingJob | StartedJob) else job.claimed_at,
            processing_completed_at=_ended_at(job),
            progress=_progress(job),
            queue_position=position,
        )


@frozen(kw_only=True)
class ImageView:
    """An image with its jobs."""

    id: ImageId
    name: ImageName
    description: str | None
    original_url: str
    original_width: int
    original_height: int
    original_size_bytes: int
    original_format: PictureFormat
    is_public: bool
    view_count: int
    created_at: datetime
    updated_at: datetime
    jobs: list[JobView]

    @classmethod
    def of(cls, shown: ShownImage, addresses: Addresses) -> "ImageView":
        """Return the view of an image and its jobs."""
        image = shown.image
        return cls(
            id=image.id,
            name=image.name,
            description=image.description,
            original_url=addresses.of(image.original, image),
            original_width=image.dimensions.width_px,
            original_height=image.dimensions.height_px,
            original_size_bytes=image.size_bytes,
            original_format=image.format,
            is_public=image.is_public,
            view_count=image.view_count,
            created_at=image.created_at,
            updated_at=image.updated_at,
            jobs=[JobView.of(job, image, shown.positions.get(job.id), addresses) for job in shown.jobs],
        )


@frozen(kw_only=True)
class ShownImageView:
    """The answer to `GET /api/images/{id}`."""

    success: bool = True
    image: ImageView


@frozen(kw_only=True)
class ShownJobView:
    """The answer to `GET /api/jobs/{id}`."""

    success: bool = True
    job: JobView

    @classmethod
    def of(cls, shown: ShownJob, addresses: Addresses) -> "ShownJobView":
        """Return the view of a job."""
        return cls(job=JobView.of(shown.job, shown.image, shown.position, addresses))


@frozen(kw_only=True)
class CancelledView:
    """The answer to a cancellation."""

    success: bool = True
    job: JobView
    tokens_refunded: Tokens
    new_balance: Tokens


@frozen(kw_only=True)
class BalanceStatsView:
    """The sums behind a balance: earned - spent + refunded is the balance."""

    total_earned: Tokens
    total_spent: Tokens
    total_refunded: Tokens
    transaction_count: int


@frozen(kw_only=True)
class BalanceView:
    """The answer to `GET /api/tokens/balance`."""

    balance: Tokens
    max_balance: Tokens
    last_regeneration: datetime
    next_regeneration_at: datetime | None
    stats: BalanceStatsView

    @classmethod
    def of(cls, account: Account) -> "BalanceView":
        """Return the view of an account."""
        return cls(
            balance=account.wallet.balance,
            max_balance=account.cap,
            last_regeneration=account.wallet.regenerated_at,
            next_regeneration_at=account.next_token_at,
            stats=BalanceStatsView(
                total_earned=account.totals.earned,
                total_spent=account.totals.spent,
                total_refunded=account.totals.refunded,
                transaction_count=account.totals.entries,
            ),
        )


@frozen(kw_only=True)
class TransactionView:
    """One entry of a wallet's history."""

    id: str
    type: EntryKind
    amount: int
    balance_after: Tokens
    job_id: JobId | None
    reason: str
    created_at: datetime

    @classmethod
    def of(cls, entry: LedgerEntry) -> "TransactionView":
        """Return the view of a ledger entry."""
        return cls(
            id=f"txn_{entry.sequence}",
            type=entry.kind,
            amount=entry.amount,
            balance_after=entry.balance_after,
            job_id=entry.job_id,
            reason=entry.reason,
            created_at=entry.created_at,
        )


@frozen(kw_only=True)
class HistoryView:
    """The answer to `GET /api/tokens/history`, newest first."""

    transactions: list[TransactionView]
    next_cursor: str | None
    has_more: bool

    @classmethod
    def of(cls, page: HistoryPage) -> "HistoryView":
        """Return the view of a page."""
        return cls(
            transactions=[TransactionView.of(entry) for entry in page.entries],
            next_cursor=None if page.next_before is None else str(page.next_before),
            has_more=page.next_before is not None,
        )


def _ended_at(job: Job) -> datetime | None:
    match job:
        case CompletedJob() | FailedJob() | RefundedJob() | CancelledJob():
            return job.ended_at
        case PendingJob() | StartedJob() | ClaimedJob():
            return None
        case _:
            assert_never(job)


def _progress(job: Job) -> int:
    match job:
        case CompletedJob():
            return 100
        case ClaimedJob():
            return job.progress
        case PendingJob() | StartedJob() | FailedJob() | RefundedJob() | CancelledJob():
            return 0
        case _:
            assert_never(job)
