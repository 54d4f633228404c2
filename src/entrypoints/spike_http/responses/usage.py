"""Usage and limits in responses."""

from attrs import frozen

from spike_core.domain.limits import UploadLimits
from spike_core.domain.tokens import Tokens
from spike_core.services.usage_accounting import OwnerUsage


@frozen(kw_only=True)
class AmountView:
    """How much is used, and how much may be."""

    used: int
    limit: int


@frozen(kw_only=True)
class UsageView:
    """The answer to `GET /api/usage`."""

    free_jobs: AmountView
    paid_jobs: AmountView
    jobs_per_image: int
    images: AmountView
    stored_bytes: AmountView
    processor_seconds: AmountView
    sessions: AmountView
    parked_tokens: Tokens
    file_bytes_max: int
    batch_files_max: int
    batch_bytes_max: int
    source_bytes_max: int
    pixels_max: int

    @classmethod
    def of(cls, owner: OwnerUsage, limits: UploadLimits) -> "UsageView":
        """Return the view of an owner's usage, and of the limits of what is sent."""
        usage, budget = owner.usage, owner.budget
        return cls(
            free_jobs=AmountView(used=usage.free_jobs, limit=budget.free_jobs),
            paid_jobs=AmountView(used=usage.paid_jobs, limit=budget.paid_jobs),
            jobs_per_image=budget.image_jobs,
            images=AmountView(used=usage.images, limit=budget.images),
            stored_bytes=AmountView(used=usage.stored_bytes, limit=budget.stored_bytes),
            processor_seconds=AmountView(
                used=round(owner.processor_time.total_seconds()), limit=round(owner.processor_time_max.total_seconds())
            ),
            sessions=AmountView(used=owner.sessions, limit=owner.sessions_max),
            parked_tokens=owner.parked,
            file_bytes_max=limits.file_bytes,
            batch_files_max=limits.batch_files,
            batch_bytes_max=limits.batch_bytes,
            source_bytes_max=limits.source_bytes,
            pixels_max=limits.pixels,
        )
