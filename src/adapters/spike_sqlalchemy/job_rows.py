"""Rows of jobs and the seven classes of jobs they hold: one table, a column for whatever some state needs."""

from typing import Final, assert_never

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.identifiers import BatchId, JobId, OwnerId, RequestId
from spike_core.domain.jobs import (
    CancelledJob,
    ClaimedJob,
    CompletedJob,
    FailedJob,
    Fence,
    Job,
    JobSpec,
    JobStatus,
    PendingJob,
    RefundedJob,
    Result,
    StartedJob,
)
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.priorities import Priority
from spike_core.domain.render_options import DEFAULT_OPTIONS, Mode, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_sqlalchemy.prepared_statements import Parameters, Row
from spike_sqlalchemy.rows import digest_of, renditions_of
from spike_sqlalchemy.task_rows import task_of, task_row

STATE_COLUMNS: Final = (
    "status",
    "attempt",
    "deaths",
    "started_at",
    "claimed_at",
    "leased_until",
    "progress",
    "result_key",
    "result_format",
    "result_width_px",
    "result_height_px",
    "result_size_bytes",
    "result_sha256",
    "result_method",
    "reason",
    "ended_at",
)
_NO_STATE: Final[Parameters] = dict.fromkeys(STATE_COLUMNS)


def job_of(row: Row) -> Job:  # noqa: PLR0911  # one for each class
    """Return the job in a row, in its state's class."""
    (
        id_,
        owner_id,
        kind,
        image_id,
        source_image_id,
        input_key,
        input_width_px,
        input_height_px,
        prompt,
        negative_prompt,
        aspect_ratio,
        tier,
        charged,
        batch_id,
        request_id,
        created_at,
        status,
        attempt,
        crashes,
        started_at,
        claimed_at,
        leased_until,
        progress,
        result_key,
        result_format,
        result_width_px,
        result_height_px,
        result_size_bytes,
        result_method,
        reason,
        ended_at,
        input_size_bytes,
        input_sha256,
        result_sha256,
        _checksum,
        longest_side_px,
        queue,
        ordered_format,
        ordered_quality,
        ordered_strength,
        ordered_mode,
        *rendition_columns,
        _attempts,
        card_key,
        card_size_bytes,
        card_sha256,
    ) = row
    sold = {} if queue is None else {"priority": Priority(queue)}  # null in rows of a release without a catalog
    spec = JobSpec(
        id=JobId(id_),
        owner_id=OwnerId(owner_id),
        task=task_of(
            kind,
            image_id=image_id,
            source_image_id=source_image_id,
            input_key=input_key,
            input_size=(input_width_px, input_height_px),
            input_digest=digest_of(input_size_bytes, input_sha256),
            prompt=prompt,
            negative_prompt=negative_prompt,
            aspect_ratio=aspect_ratio,
        ),
        tier=Tier(tier),
        longest_side_px=longest_side_px,
        **sold,
        options=_options_of(ordered_format, ordered_quality, ordered_strength, ordered_mode),
        charged=Tokens(charged),
        batch_id=None if batch_id is None else BatchId(batch_id),
        request_id=None if request_id is None else RequestId(request_id),
        created_at=created_at,
    )
    match JobStatus(status):
        case JobStatus.PENDING:
            return PendingJob(spec=spec, attempt=attempt, crashes=crashes)
        case JobStatus.PROCESSING if leased_until is None:
            return StartedJob(spec=spec, attempt=attempt, crashes=crashes, started_at=started_at)
        case JobStatus.PROCESSING:
            return ClaimedJob(
                spec=spec,
                attempt=attempt,
                crashes=crashes,
                claimed_at=claimed_at,
                leased_until=leased_until,
                progress=progress,
            )
        case JobStatus.COMPLETED:
            result = Result(
                key=ObjectKey(result_key),
                format=PictureFormat(result_format),
                dimensions=Dimensions(width_px=result_width_px, height_px=result_height_px),
                size_bytes=result_size_bytes,
                sha256=result_sha256,
                method=result_method or "",
                renditions=renditions_of(rendition_columns, card=(card_key, card_size_bytes, card_sha256)),
            )
            return CompletedJob(
                spec=spec, attempt=attempt, crashes=crashes, claimed_at=claimed_at, result=result, ended_at=ended_at
            )
        case JobStatus.FAILED:
            return FailedJob(
                spec=spec, attempt=attempt, crashes=crashes, claimed_at=claimed_at, reason=reason, ended_at=ended_at
            )
        case JobStatus.REFUNDED:
            return RefundedJob(
                spec=spec, attempt=attempt, crashes=crashes, claimed_at=claimed_at, reason=reason, ended_at=ended_at
            )
        case JobStatus.CANCELLED:
            return CancelledJob(spec=spec, attempt=attempt, crashes=crashes, claimed_at=claimed_at, ended_at=ended_at)
        case unreachable:
            assert_never(unreachable)


def spec_row(spec: JobSpec) -> Parameters:
    """Return the columns that never change."""
    return {
        "id": spec.id.text,
        "owner_id": spec.owner_id.text,
        **task_row(spec.task),
        "tier": spec.tier.name,
        "longest_side_px": spec.longest_side_px,
        "queue": spec.priority.value,
        **_options_row(spec.options),
        "charged": spec.charged.amount,
        "batch_id": None if spec.batch_id is None else spec.batch_id.text,
        "request_id": None if spec.request_id is None else spec.request_id.text,
        "created_at": spec.created_at,
        "checksum": spec.checksum,
    }


def state_row(job: Job) -> Parameters:
    """Return the columns of a state, those it doesn't need empty."""
    return {
        **_NO_STATE,
        "status": job.status.value,
        "attempt": job.attempt,
        "deaths": job.crashes,
        **_own_columns(job),
    }


def fence_row(job_id: JobId, fence: Fence) -> Parameters:
    """Return what a compare-and-set compares, under names that no column has."""
    return {
        "fenced_id": job_id.text,
        "fenced_status": fence.status.value,
        "fenced_claimed": fence.claimed,
        "fenced_attempt": fence.attempt,
    }


def _options_of(format_: str | None, quality: int | None, strength: int | None, mode: str | None) -> RenderOptions:
    if (format_, quality, strength, mode) == (None, None, None, None):
        return DEFAULT_OPTIONS
    return RenderOptions(
        format=None if format_ is None else PictureFormat(format_),
        quality=quality,
        strength=strength,
        mode=Mode.FAITHFUL if mode is None else Mode(mode),
    )


def _options_row(options: RenderOptions) -> Parameters:
    return {
        "ordered_format": None if options.format is None else options.format.value,
        "ordered_quality": options.quality,
        "ordered_strength": options.strength,
        "ordered_mode": None if options.mode is Mode.FAITHFUL else options.mode.value,
    }


def _own_columns(job: Job) -> Parameters:
    match job:
        case PendingJob():
            return {}
        case StartedJob():
            return {"started_at": job.started_at}
        case ClaimedJob():
            return {"claimed_at": job.claimed_at, "leased_until": job.leased_until, "progress": job.progress}
        case CompletedJob():
            return {
                "claimed_at": job.claimed_at,
                "result_key": job.result.key.text,
                "result_format": job.result.format.value,
                "result_width_px": job.result.dimensions.width_px,
                "result_height_px": job.result.dimensions.height_px,
                "result_size_bytes": job.result.size_bytes,
                "result_sha256": job.result.sha256,
                "result_method": job.result.method or None,
                "ended_at": job.ended_at,
            }
        case FailedJob() | RefundedJob():
            return {"claimed_at": job.claimed_at, "reason": job.reason, "ended_at": job.ended_at}
        case CancelledJob():
            return {"claimed_at": job.claimed_at, "ended_at": job.ended_at}
        case unreachable:
            assert_never(unreachable)
