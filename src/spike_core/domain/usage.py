"""Usage and budgets: what an owner has open and stored, and how much of it is allowed.

Usage is a running sum. It stands beside the owner's balance, is changed with the jobs and images that it counts, and is
checked under the lock of the wallet, so that two requests at once never exceed a budget.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, Self

from attrs import evolve, field, frozen, validators

from spike_core.domain.errors import QuotaExceeded, TooManyJobs
from spike_core.domain.identifiers import ANONYMOUS, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import CompletedJob, Job, JobSpec, SettledJob
from spike_core.domain.tokens import Tokens

OPEN_JOBS_RETRY: Final = timedelta(seconds=30)  # after which a client may try again that has too many open jobs
WORK_HALF_LIFE: Final = timedelta(minutes=15)  # after which work counts half in its owner's turns
_MS: Final = timedelta(milliseconds=1)


@frozen(kw_only=True)
class Usage:
    """What one owner uses. Subtraction stops at zero, so that a lost count can't make a refund or a deletion fail."""

    free_jobs: int = field(default=0, validator=validators.ge(0))  # open ones: accepted and not ended
    paid_jobs: int = field(default=0, validator=validators.ge(0))
    images: int = field(default=0, validator=validators.ge(0))  # including those that are being deleted
    stored_bytes: int = field(default=0, validator=validators.ge(0))  # originals, inputs and results

    @classmethod
    def of(cls, *, images: Iterable[Image] = (), jobs: Iterable[Job] = ()) -> Self:
        """Return the usage of these images and jobs."""
        usage = cls()
        for image in images:
            usage += cls(images=1, stored_bytes=image.stored_bytes)
        for job in jobs:
            usage += cls._of_job(job)
        return usage

    @classmethod
    def of_new(cls, specs: Iterable[JobSpec]) -> Self:
        """Return what jobs use as soon as they are accepted."""
        usage = cls()
        for spec in specs:
            usage += cls.of_request(spec.charged, input_bytes=_input_bytes(spec))
        return usage

    @classmethod
    def of_request(cls, price: Tokens, *, input_bytes: int) -> Self:
        """Return what one job of this price uses, with the picture that came with its request."""
        return cls(free_jobs=int(not price), paid_jobs=int(bool(price)), stored_bytes=input_bytes)

    @classmethod
    def _of_job(cls, job: Job) -> Self:
        if not isinstance(job, SettledJob):
            return cls.of_new([job.spec])
        result_bytes = job.result.size_bytes if isinstance(job, CompletedJob) else 0
        return cls(stored_bytes=_input_bytes(job.spec) + result_bytes)

    @property
    def open_jobs(self) -> int:
        """The number of open jobs, free and paid ones."""
        return self.free_jobs + self.paid_jobs

    def __add__(self, other: Self) -> Self:
        return type(self)(
            free_jobs=self.free_jobs + other.free_jobs,
            paid_jobs=self.paid_jobs + other.paid_jobs,
            images=self.images + other.images,
            stored_bytes=self.stored_bytes + other.stored_bytes,
        )

    def __sub__(self, other: Self) -> Self:
        return type(self)(
            free_jobs=max(0, self.free_jobs - other.free_jobs),
            paid_jobs=max(0, self.paid_jobs - other.paid_jobs),
            images=max(0, self.images - other.images),
            stored_bytes=max(0, self.stored_bytes - other.stored_bytes),
        )


def _input_bytes(spec: JobSpec) -> int:
    return 0 if spec.input is None else spec.input.size_bytes


@frozen(kw_only=True)
class BudgetOverrides:
    """One owner's own limits, where they differ from everyone's; `None` where they don't."""

    free_jobs: int | None = field(default=None, validator=validators.optional(validators.ge(0)))
    paid_jobs: int | None = field(default=None, validator=validators.optional(validators.ge(0)))
    images: int | None = field(default=None, validator=validators.optional(validators.ge(0)))
    stored_bytes: int | None = field(default=None, validator=validators.optional(validators.ge(0)))


NO_OVERRIDES: Final = BudgetOverrides()


@frozen(kw_only=True)
class Budget:
    """How much one owner may use. Only what is added is refused: what is there already stays, above a limit too."""

    free_jobs: int = field(default=100, validator=validators.ge(0))  # open at a time
    paid_jobs: int = field(default=2000, validator=validators.ge(0))
    image_jobs: int = field(default=50, validator=validators.ge(1))  # open jobs of one image
    images: int = field(default=20_000, validator=validators.ge(0))
    stored_bytes: int = field(default=20_000_000_000, validator=validators.ge(0))

    def with_overrides(self, overrides: BudgetOverrides) -> Self:
        """Return this budget with an owner's own limits."""
        if overrides == NO_OVERRIDES:
            return self
        return evolve(
            self,
            free_jobs=self.free_jobs if overrides.free_jobs is None else overrides.free_jobs,
            paid_jobs=self.paid_jobs if overrides.paid_jobs is None else overrides.paid_jobs,
            images=self.images if overrides.images is None else overrides.images,
            stored_bytes=self.stored_bytes if overrides.stored_bytes is None else overrides.stored_bytes,
        )

    def exceeded(self, used: Usage, *, adding: Usage) -> Iterator[TooManyJobs | QuotaExceeded]:
        """Yield an error for each limit that what is added would exceed."""
        for added, open_jobs, limit in (
            (adding.free_jobs, used.free_jobs, self.free_jobs),
            (adding.paid_jobs, used.paid_jobs, self.paid_jobs),
        ):
            if added and open_jobs + added > limit:
                yield self.too_many_jobs(limit)
        for resource, added, stored, limit in (
            ("images", adding.images, used.images, self.images),
            ("stored bytes", adding.stored_bytes, used.stored_bytes, self.stored_bytes),
        ):
            if added and stored + added > limit:
                yield QuotaExceeded(resource=resource, used=stored, limit=limit)

    def too_many_jobs(self, limit: int) -> TooManyJobs:
        """Return the error of more open jobs than this limit."""
        return TooManyJobs(limit=limit, retry_after_s=int(OPEN_JOBS_RETRY.total_seconds()))


@frozen(kw_only=True)
class Budgets:
    """The budgets of an installation."""

    owner: Budget = field(factory=Budget)  # of each owner
    anonymous: Budget = field(factory=lambda: Budget(free_jobs=200))  # of all anonymous owners together
    sessions: int = field(default=20, validator=validators.ge(1))  # of one user; the oldest ends when there are more

    def of(self, owner_id: OwnerId, overrides: BudgetOverrides) -> Budget:
        """Return the budget of an owner."""
        return self.anonymous if owner_id == ANONYMOUS else self.owner.with_overrides(overrides)


@frozen(kw_only=True)
class RecentWork:
    """The time that workers have spent on an owner's jobs, whatever became of them; it counts half after a while."""

    milliseconds: int = field(default=0, validator=validators.ge(0))
    until: datetime | None = None  # when that was the sum; `None` if nothing was ever done

    def at(self, now: datetime) -> timedelta:
        """Return the sum as it counts now."""
        if self.until is None or now <= self.until:
            return self.milliseconds * _MS
        kept: float = 0.5 ** ((now - self.until) / WORK_HALF_LIFE)
        return kept * self.milliseconds * _MS

    def plus(self, spent: timedelta, *, now: datetime) -> Self:
        """Return the sum after an attempt of this length."""
        total = self.at(now) + max(timedelta(0), spent)
        return type(self)(milliseconds=round(total / _MS), until=now if self.until is None else max(now, self.until))
