"""Overdue jobs in a database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeVar

from attrs import frozen
from sqlalchemy import bindparam, select

from spike_core.domain.errors import InvariantViolated
from spike_core.domain.jobs import ClaimedJob, Job, StartedJob
from spike_sqlalchemy.job_rows import job_of
from spike_sqlalchemy.prepared import Prepared, Row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import jobs

AnyJob = TypeVar("AnyJob", bound=Job)

_OLDEST: Final = select(jobs).order_by(jobs.c.created_at, jobs.c.id).limit(bindparam("rows_max"))
_EXPIRED: Final = Prepared(_OLDEST.where(jobs.c.leased_until <= bindparam("now")))
_UNDELIVERED: Final = Prepared(_OLDEST.where(jobs.c.started_at < bindparam("started_before")))


@frozen
class SqlAlchemyOverdueJobs:
    """See the port."""

    _statements: Statements

    def expired(self, *, now: datetime, limit: int) -> Sequence[ClaimedJob]:
        """Return claimed jobs whose lease has run out."""
        return self._jobs(ClaimedJob, _EXPIRED, now=now, rows_max=limit)

    def undelivered(self, *, started_before: datetime, limit: int) -> Sequence[StartedJob]:
        """Return started jobs that nobody claimed."""
        return self._jobs(StartedJob, _UNDELIVERED, started_before=started_before, rows_max=limit)

    def _jobs(self, kind: type[AnyJob], statement: Prepared, **parameters: object) -> Sequence[AnyJob]:
        return [_of_kind(kind, row) for row in self._statements.rows(statement, parameters)]


def _of_kind(kind: type[AnyJob], row: Row) -> AnyJob:
    job = job_of(row)
    if not isinstance(job, kind):
        raise InvariantViolated("a job's state follows from its times")
    return job
