"""Jobs in responses."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from attrs import frozen

from spike_core.domain.identifiers import BatchId, ImageId, JobId
from spike_core.domain.images import Image
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
from spike_core.domain.render_options import Mode
from spike_core.domain.tasks import Blend
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.domain.transitions import SETTLED_STATUSES
from spike_core.services.enhancements import BatchEnhancementAccepted, EnhancementAccepted, ParallelEnhancementAccepted
from spike_core.services.queries import ImageJobsPage, ShownJob
from spike_http.responses.urls import UrlBuilder, thumbhash_of


@frozen(kw_only=True)
class EnhanceView:
    """The answer to an enhancement request."""

    success: bool = True
    job_id: JobId
    token_cost: Tokens
    new_balance: Tokens

    @classmethod
    def of(cls, enhancing: EnhancementAccepted) -> "EnhanceView":
        """Return the view of an accepted job."""
        spec = enhancing.job.spec
        return cls(job_id=spec.id, token_cost=spec.charged, new_balance=enhancing.balance)


@frozen(kw_only=True)
class ParallelJobView:
    """One of the jobs of a parallel enhancement."""

    job_id: JobId
    tier: Tier
    token_cost: Tokens
    status: JobStatus


@frozen(kw_only=True)
class ParallelEnhanceView:
    """The answer to a parallel enhancement."""

    success: bool = True
    jobs: list[ParallelJobView]
    total_cost: Tokens
    new_balance: Tokens

    @classmethod
    def of(cls, enhancing: ParallelEnhancementAccepted) -> "ParallelEnhanceView":
        """Return the view of the accepted jobs."""
        jobs = [
            ParallelJobView(job_id=job.id, tier=job.spec.tier, token_cost=job.spec.charged, status=job.status)
            for job in enhancing.jobs
        ]
        return cls(jobs=jobs, total_cost=enhancing.total, new_balance=enhancing.balance)


@frozen(kw_only=True)
class BatchJobView:
    """One of the jobs of a batch enhancement."""

    image_id: ImageId | None
    job_id: JobId


@frozen(kw_only=True)
class BatchSummaryView:
    """The counts of a batch enhancement."""

    total: int
    total_cost: Tokens
    new_balance: Tokens


@frozen(kw_only=True)
class BatchEnhanceView:
    """The answer to a batch enhancement."""

    success: bool = True
    batch_id: BatchId
    summary: BatchSummaryView
    jobs: list[BatchJobView]

    @classmethod
    def of(cls, enhancing: BatchEnhancementAccepted) -> "BatchEnhanceView":
        """Return the view of the accepted jobs, in the order of the request."""
        summary = BatchSummaryView(total=len(enhancing.jobs), total_cost=enhancing.total, new_balance=enhancing.balance)
        jobs = [BatchJobView(image_id=job.spec.image_id, job_id=job.id) for job in enhancing.jobs]
        return cls(batch_id=enhancing.id, summary=summary, jobs=jobs)


@frozen(kw_only=True)
class JobView:
    """A job, in any state; fields that don't apply to its state are null."""

    id: JobId
    image_id: ImageId | None  # null if the job has no image
    tier: Tier
    status: JobStatus
    tokens_cost: Tokens
    enhanced_url: str | None
    thumbnail_url: str | None  # of the result; null until it is made
    preview_url: str | None
    enhanced_width: int | None
    enhanced_height: int | None
    thumbhash: str | None
    enhanced_size_bytes: int | None
    format: str | None  # of the result: as ordered, or else as it is; null while the engine may choose
    quality: int | None  # as ordered, and so for strength and mode
    strength: int | None
    mode: Mode
    method: str | None  # how the engine made the result; null if it doesn't say
    error_message: str | None
    created_at: datetime
    processing_started_at: datetime | None
    processing_completed_at: datetime | None
    progress: int  # percent
    queue_position: int | None  # 1 is next; null unless waiting
    source_image_id: ImageId | None
    is_blend: bool
    is_anonymous: bool
    batch_id: BatchId | None

    @classmethod
    def of(cls, job: Job, image: Image | None, position: int | None, urls: UrlBuilder) -> "JobView":
        """Return the view of a job and its image."""
        task = job.spec.task
        result = job.result if isinstance(job, CompletedJob) else None
        renditions = result.renditions if result else None
        return cls(
            id=job.id,
            image_id=job.spec.image_id,
            tier=job.spec.tier,
            status=job.status,
            tokens_cost=job.spec.charged,
            enhanced_url=urls.of(result.key, image) if result else None,
            thumbnail_url=urls.of_thumbnail(renditions, image),
            preview_url=urls.of_preview(renditions, image),
            enhanced_width=result.dimensions.width_px if result else None,
            enhanced_height=result.dimensions.height_px if result else None,
            thumbhash=thumbhash_of(renditions),
            enhanced_size_bytes=result.size_bytes if result else None,
            format=shown_format(job),
            quality=job.spec.options.quality,
            strength=job.spec.options.strength,
            mode=job.spec.options.mode,
            method=(result.method or None) if result else None,
            error_message=job.reason if isinstance(job, FailedJob | RefundedJob) else None,
            created_at=job.spec.created_at,
            processing_started_at=began_at(job),
            processing_completed_at=ended_at(job),
            progress=_progress(job),
            queue_position=position,
            source_image_id=task.source if isinstance(task, Blend) and isinstance(task.source, ImageId) else None,
            is_blend=isinstance(task, Blend),
            is_anonymous=job.id.is_anonymous,
            batch_id=job.spec.batch_id,
        )


@frozen(kw_only=True)
class ShownJobView:
    """The answer to `GET /api/jobs/{id}`."""

    success: bool = True
    job: JobView
    url_expires_at: datetime | None

    @classmethod
    def of(cls, shown: ShownJob, urls: UrlBuilder) -> "ShownJobView":
        """Return the view of a job."""
        return cls(job=JobView.of(shown.job, shown.image, shown.position, urls), url_expires_at=urls.expires_at)


@frozen(kw_only=True)
class ImageJobsView:
    """The answer to `GET /api/images/{id}/jobs`, newest first."""

    success: bool = True
    jobs: list[JobView]
    next_cursor: str | None
    has_more: bool
    url_expires_at: datetime | None

    @classmethod
    def of(cls, page: ImageJobsPage, urls: UrlBuilder) -> "ImageJobsView":
        """Return the view of a page."""
        return cls(
            jobs=[JobView.of(job, page.image, page.positions.get(job.id), urls) for job in page.jobs],
            next_cursor=None if page.next is None else str(page.next),
            has_more=page.next is not None,
            url_expires_at=urls.expires_at,
        )


@frozen(kw_only=True)
class BatchCountsView:
    """The number of a batch's jobs, in total and by status."""

    total: int
    pending: int
    processing: int
    completed: int
    failed: int
    refunded: int
    cancelled: int


@frozen(kw_only=True)
class ShownBatchView:
    """The answer to `GET /api/batches/{id}`."""

    success: bool = True
    batch_id: BatchId
    is_finished: bool  # every job is settled
    summary: BatchCountsView
    jobs: list[JobView]
    url_expires_at: datetime | None

    @classmethod
    def of(cls, batch_id: BatchId, shown: Sequence[ShownJob], urls: UrlBuilder) -> "ShownBatchView":
        """Return the view of a batch's jobs."""
        counts = Counter(each.job.status for each in shown)
        summary = BatchCountsView(total=len(shown), **{status.value.lower(): counts[status] for status in JobStatus})
        return cls(
            batch_id=batch_id,
            is_finished=all(status in SETTLED_STATUSES for status in counts),
            summary=summary,
            jobs=[JobView.of(each.job, each.image, each.position, urls) for each in shown],
            url_expires_at=urls.expires_at,
        )


@frozen(kw_only=True)
class BatchStatusView:
    """The answer to `POST /api/jobs/batch-status`: each id that was asked for is in one of the lists, in order."""

    success: bool = True
    jobs: list[JobView]
    not_found: list[str]
    url_expires_at: datetime | None

    @classmethod
    def of(cls, shown: Sequence[ShownJob], urls: UrlBuilder, *, asked: Sequence[str]) -> "BatchStatusView":
        """Return the view of the requested jobs that were found."""
        found = {each.job.id.text for each in shown}
        return cls(
            jobs=[JobView.of(each.job, each.image, each.position, urls) for each in shown],
            not_found=[text for text in asked if text not in found],
            url_expires_at=urls.expires_at,
        )


@frozen(kw_only=True)
class CancelledView:
    """The answer to a cancellation."""

    success: bool = True
    job: JobView
    tokens_refunded: Tokens
    new_balance: Tokens


def shown_format(job: Job) -> str | None:
    """Return the format of a job's result by the name that an order has: what it is, or before that what it will be."""
    format_ = job.result.format if isinstance(job, CompletedJob) else job.spec.options.format
    return None if format_ is None else format_.value.lower()


def began_at(job: Job) -> datetime | None:
    """Return when a worker began the last attempt; `None` if none has begun or it was requeued."""
    return None if isinstance(job, PendingJob | StartedJob) else job.claimed_at


def ended_at(job: Job) -> datetime | None:
    """Return when the job was settled; `None` if it isn't."""
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
