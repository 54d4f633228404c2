"""Jobs in a database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import Boolean, bindparam, insert, select, tuple_, update

from spike_core.domain.errors import InvariantViolated, JobChanged, JobNotFound
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import Job, JobStatus, PendingJob
from spike_core.domain.transitions import check_transition
from spike_sqlalchemy.job_rows import STATE_COLUMNS, fence_row, job_of, spec_row, state_row
from spike_sqlalchemy.prepared import Prepared
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import jobs

_ADD: Final = Prepared(insert(jobs).inline())
_GET: Final = Prepared(select(jobs).where(jobs.c.id == bindparam("job")))
_LOCK: Final = Prepared(select(jobs).where(jobs.c.id == bindparam("job")).with_for_update(key_share=True))
_FIND: Final = select(jobs).where(jobs.c.id.in_(bindparam("ids", expanding=True)))
_LOCK_ALL: Final = _FIND.order_by(jobs.c.id).with_for_update(key_share=True)  # in order: no two wait for each other

_REPLACE: Final = Prepared(
    update(jobs).where(
        jobs.c.id == bindparam("fenced_id"),
        jobs.c.status == bindparam("fenced_status"),
        jobs.c.leased_until.is_not(None) == bindparam("fenced_claimed", type_=Boolean),
        jobs.c.attempt == bindparam("fenced_attempt"),
    ),
    sets=STATE_COLUMNS,
)

_START: Final = (
    update(jobs)
    .where(
        tuple_(jobs.c.id, jobs.c.attempt).in_(bindparam("keys", expanding=True)),
        jobs.c.status == JobStatus.PENDING.value,
    )
    .values(status=JobStatus.PROCESSING.value, started_at=bindparam("now"))
    .returning(jobs.c.id)
)


@frozen
class SqlAlchemyJobs:
    """See the port."""

    _statements: Statements

    def add(self, jobs: Sequence[PendingJob]) -> None:
        """Store new jobs."""
        self._statements.write_all(_ADD, [{**spec_row(job.spec), **state_row(job)} for job in jobs])

    def get(self, job_id: JobId) -> Job:
        """Return the job, locked where it may be changed."""
        statement = _LOCK if self._statements.is_writable else _GET
        for row in self._statements.rows(statement, {"job": job_id.text}):
            return job_of(row)
        raise JobNotFound

    def find(self, job_ids: Collection[JobId]) -> Mapping[JobId, Job]:
        """Return those that exist, locked where they may be changed."""
        statement = _LOCK_ALL if self._statements.is_writable else _FIND
        found = [job_of(row) for row in self._statements.rows_of(statement, job_ids)]
        return {job.id: job for job in found}

    def replace(self, job: Job, *, by: Job) -> None:
        """Compare and set, in one UPDATE."""
        if job.id != by.id:
            raise InvariantViolated("a job keeps its id")
        check_transition(job, by)
        hit = self._statements.write(_REPLACE, {**state_row(by), **fence_row(job.id, job.fence)})
        if hit != 1:
            raise JobChanged

    def start(self, jobs: Sequence[PendingJob], *, now: datetime) -> Collection[JobId]:
        """Compare and set for many, in one UPDATE; for one, as in most requests, by the statement that is compiled."""
        if len(jobs) == 1:
            [job] = jobs
            try:
                self.replace(job, by=job.start(now=now))
            except JobChanged:
                return ()
            return (job.id,)
        attempts = [(job.id.text, job.fence.attempt) for job in jobs]
        return {JobId(id_) for (id_,) in self._statements.written_rows_of(_START, attempts, {"now": now})}
