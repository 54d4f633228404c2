"""Errors of jobs, the work on them, and its results."""

from typing import ClassVar

from attrs import frozen

from spike_core.domain.errors.families import Conflict, InvalidInput, NotFound, SpikeError, Unavailable


@frozen
class JobNotFound(NotFound):
    """No job has this id, or it belongs to another user."""

    code: ClassVar[str] = "job_not_found"


@frozen
class BatchNotFound(NotFound):
    """No batch has this id, or it belongs to another user."""

    code: ClassVar[str] = "batch_not_found"


@frozen
class TierNotFound(NotFound):
    """A job's tier isn't on offer any more, and an older release didn't store its size with the job."""

    code: ClassVar[str] = "tier_not_found"
    tier: str

    def __str__(self) -> str:
        """Name the tier."""
        return f"the tier {self.tier} is no longer on offer"


@frozen
class TooManyJobs(SpikeError):
    """The owner, or the image, has too many open jobs; some must end first."""

    code: ClassVar[str] = "too_many_jobs"
    limit: int
    retry_after_s: int


@frozen
class IllegalTransition(Conflict):
    """The job's state doesn't allow this transition."""

    code: ClassVar[str] = "illegal_transition"
    source: str
    target: str

    def __str__(self) -> str:
        """Name both states."""
        return f"a {self.source} job can't become {self.target}"


@frozen
class JobChanged(Conflict):
    """The job was changed concurrently: the compare-and-set found another state or attempt."""

    code: ClassVar[str] = "job_changed"


@frozen
class WorkAbandoned(Conflict):
    """The result is no longer needed: the job was cancelled, or another worker has claimed it."""

    code: ClassVar[str] = "work_abandoned"


@frozen
class NothingToClaim(Conflict):
    """The job is settled, leased to another worker, or deleted: the message is a duplicate."""

    code: ClassVar[str] = "nothing_to_claim"


@frozen
class QueueUnavailable(Unavailable):
    """The worker queue didn't accept the message."""

    code: ClassVar[str] = "queue_unavailable"


@frozen
class UpscalerUnavailable(Unavailable):
    """The enhancement engine is unavailable; another attempt may succeed."""

    code: ClassVar[str] = "upscaler_unavailable"


@frozen
class WorkKilled(UpscalerUnavailable):
    """The work on a picture was killed: it exceeded its time or memory limit, or crashed its process."""

    code: ClassVar[str] = "work_killed"
    reason: str

    def __str__(self) -> str:
        """Say what ended it."""
        return f"The work on the picture was cut short: {self.reason}"


@frozen
class GeneratorUnavailable(Unavailable):
    """The picture generator is unavailable."""

    code: ClassVar[str] = "generator_unavailable"


@frozen
class PromptRefused(InvalidInput):
    """The generator refuses this prompt for good."""

    code: ClassVar[str] = "prompt_refused"


@frozen
class InvalidResult(SpikeError):
    """An engine's result failed the check before delivery; another attempt may succeed."""

    code: ClassVar[str] = "invalid_result"
    reason: str

    def __str__(self) -> str:
        """Say what was wrong with the result."""
        return f"the enhanced picture failed its check: {self.reason}"


@frozen
class UnusableResult(SpikeError):
    """A result is unusable, and no further attempt would succeed."""

    code: ClassVar[str] = "unusable_result"
    reason: str

    def __str__(self) -> str:
        """Say what was wrong with the result."""
        return f"the enhanced picture is unusable: {self.reason}"
