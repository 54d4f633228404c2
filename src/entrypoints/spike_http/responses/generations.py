"""Generations and modifications in responses."""

from datetime import datetime
from typing import Literal

from attrs import frozen

from spike_core.domain.generation import Prompt
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import CompletedJob, FailedJob, Job, JobStatus, RefundedJob
from spike_core.domain.tasks import Creation, Generation
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.services.generations import GenerationAccepted, GenerationsPage
from spike_http.responses.jobs import began_at, ended_at, shown_format
from spike_http.responses.urls import UrlBuilder, thumbhash_of


@frozen(kw_only=True)
class CreatingView:
    """The answer to a generation or a modification."""

    success: bool = True
    job_id: JobId
    tokens_cost: Tokens
    message: str

    @classmethod
    def of(cls, creating: GenerationAccepted) -> "CreatingView":
        """Return the view of an accepted job."""
        spec = creating.job.spec
        what = "Generation" if isinstance(spec.task, Generation) else "Modification"
        message = f"{what} started. Poll /api/mcp/jobs/{{jobId}} for status."  # the API's text, including the braces
        return cls(job_id=spec.id, tokens_cost=spec.charged, message=message)


@frozen(kw_only=True)
class CreationView:
    """A generation or a modification, in any state; fields that don't apply are null."""

    id: JobId
    type: Literal["GENERATE", "MODIFY"]
    tier: Tier
    tokens_cost: Tokens
    status: JobStatus
    prompt: Prompt
    input_image_url: str | None
    output_image_url: str | None
    thumbnail_url: str | None  # of the output; null until it is made
    preview_url: str | None
    output_width: int | None
    output_height: int | None
    thumbhash: str | None
    format: str | None  # of the output: as ordered, or else as it is; null while the engine may choose
    quality: int | None
    error_message: str | None
    created_at: datetime
    processing_started_at: datetime | None
    processing_completed_at: datetime | None

    @classmethod
    def of(cls, job: Job, urls: UrlBuilder) -> "CreationView":
        """Return the view of a job."""
        spec = job.spec
        assert isinstance(spec.task, Creation), "only generations and modifications are shown here"
        result = job.result if isinstance(job, CompletedJob) else None
        renditions = None if result is None else result.renditions
        return cls(
            id=job.id,
            type="GENERATE" if isinstance(spec.task, Generation) else "MODIFY",
            tier=spec.tier,
            tokens_cost=spec.charged,
            status=job.status,
            prompt=spec.task.prompt,
            input_image_url=None if spec.input is None else urls.of(spec.input.key, None),
            output_image_url=None if result is None else urls.of(result.key, None),
            thumbnail_url=urls.of_thumbnail(renditions, None),
            preview_url=urls.of_preview(renditions, None),
            output_width=None if result is None else result.dimensions.width_px,
            output_height=None if result is None else result.dimensions.height_px,
            thumbhash=thumbhash_of(renditions),
            format=shown_format(job),
            quality=spec.options.quality,
            error_message=job.reason if isinstance(job, FailedJob | RefundedJob) else None,
            created_at=spec.created_at,
            processing_started_at=began_at(job),
            processing_completed_at=ended_at(job),
        )


@frozen(kw_only=True)
class CreationsView:
    """The answer to `GET /api/mcp/history`, newest first."""

    jobs: list[CreationView]
    next_cursor: str | None
    has_more: bool

    @classmethod
    def of(cls, page: GenerationsPage, urls: UrlBuilder) -> "CreationsView":
        """Return the view of a page."""
        return cls(
            jobs=[CreationView.of(job, urls) for job in page.jobs],
            next_cursor=None if page.next is None else str(page.next),
            has_more=page.next is not None,
        )
