"""The transition table: every legal state change of a job."""

from collections.abc import Mapping
from typing import Final

from spike_core.domain.errors import IllegalTransition
from spike_core.domain.jobs import (
    CancelledJob,
    ClaimedJob,
    CompletedJob,
    FailedJob,
    Job,
    JobStatus,
    PendingJob,
    RefundedJob,
    SettledJob,
    StartedJob,
)

TRANSITIONS: Final[Mapping[type[Job], frozenset[type[Job]]]] = {
    PendingJob: frozenset({StartedJob, ClaimedJob, FailedJob, RefundedJob, CancelledJob}),
    StartedJob: frozenset({PendingJob, ClaimedJob, FailedJob, RefundedJob, CancelledJob}),
    ClaimedJob: frozenset({PendingJob, ClaimedJob, CompletedJob, FailedJob, RefundedJob, CancelledJob}),
    CompletedJob: frozenset(),
    FailedJob: frozenset(),
    RefundedJob: frozenset(),
    CancelledJob: frozenset(),
}

SETTLED_STATUSES: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.REFUNDED, JobStatus.CANCELLED})


def check_transition(source: Job, target: Job) -> None:
    """Check that `source` may become `target`.

    Raises:
        IllegalTransition: the table has no such transition.
    """
    if type(target) not in TRANSITIONS[type(source)]:
        raise IllegalTransition(source=source.status.value, target=target.status.value)


def unsettled(job: Job, *, target: JobStatus) -> PendingJob | StartedJob | ClaimedJob:
    """Return the job if it hasn't ended yet.

    Raises:
        IllegalTransition: it has, and can no longer become `target`.
    """
    if isinstance(job, SettledJob):
        raise IllegalTransition(source=job.status.value, target=target.value)
    return job
