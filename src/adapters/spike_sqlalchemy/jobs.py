"""Jobs in a database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from attrs import frozen
from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    String,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    insert,
    literal_column,
    not_,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)

from spike_core.domain.cursors import JobCursor, StartCursor
from spike_core.domain.errors import InvariantViolated, JobChanged, JobNotFound
from spike_core.domain.identifiers import BatchId, ImageId, JobId, OwnerId
from spike_core.domain.jobs import ClaimedJob, CompletedJob, Job, JobStatus, PendingJob
from spike_core.domain.priorities import Priority
from spike_core.domain.queue_order import QueueOrder, UnclaimedJob, WaitingOwner
from spike_core.domain.tiers import Tier
from spike_core.domain.transitions import check_transition
from spike_sqlalchemy.job_rows import STATE_COLUMNS, fence_row, job_of, spec_row, state_row
from spike_sqlalchemy.prepared_statements import Parameters, Prepared, Row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import (
    CARD_COLUMNS,
    IS_COMPLETED,
    IS_CREATION,
    IS_OPEN_ON_IMAGE,
    IS_PENDING,
    IS_STARTED,
    RENDITION_COLUMNS,
    images,
    jobs,
    outbox_messages,
)
from spike_sqlalchemy.utc import UtcDateTime

_NOT_OF_NEW: Final = {*RENDITION_COLUMNS, "rendition_attempts", *CARD_COLUMNS}
_ADD: Final = Prepared(
    insert(jobs).inline(),
    sets=[name for name in jobs.c.keys() if name not in _NOT_OF_NEW],  # noqa: SIM118  # columns
)
_GET: Final = Prepared(select(jobs).where(jobs.c.id == bindparam("job")))
_LOCK: Final = Prepared(select(jobs).where(jobs.c.id == bindparam("job")).with_for_update(key_share=True))
_FIND: Final = select(jobs).where(jobs.c.id.in_(bindparam("ids", expanding=True)))
_LOCK_ALL: Final = _FIND.order_by(jobs.c.id).with_for_update(key_share=True)  # in order, which prevents deadlocks

_REPLACE: Final = Prepared(
    update(jobs).where(
        jobs.c.id == bindparam("fenced_id"),
        jobs.c.status == bindparam("fenced_status"),
        # implies no index of claimed jobs, which PostgreSQL would read to its end where it takes them for few
        case((jobs.c.leased_until.is_(None), false()), else_=true()) == bindparam("fenced_claimed", type_=Boolean),
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

_OF_IMAGE: Final = Prepared(
    select(jobs).where(jobs.c.image_id == bindparam("image")).order_by(jobs.c.created_at, jobs.c.id)
)
_NEWEST_OF_IMAGE: Final = (
    select(jobs)
    .where(jobs.c.image_id == bindparam("image"))
    .order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
    .limit(bindparam("rows_max"))
)
_FIRST_OF_IMAGE: Final = Prepared(_NEWEST_OF_IMAGE)
_NEXT_OF_IMAGE: Final = Prepared(
    _NEWEST_OF_IMAGE.where(
        tuple_(jobs.c.created_at, jobs.c.id)
        < tuple_(bindparam("before_time", type_=UtcDateTime), bindparam("before_id", type_=String))
    )
)
_WANTED_TIER: Final = bindparam("tier", type_=String)  # empty for any
_NEWEST_RESULT: Final = (
    select(jobs.c.id)
    .where(jobs.c.image_id == images.c.id, text(IS_COMPLETED), or_(_WANTED_TIER == "", jobs.c.tier == _WANTED_TIER))
    .order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
    .limit(literal_column("1"))
    .scalar_subquery()
)
_NEWEST_RESULTS: Final = select(_NEWEST_RESULT).where(images.c.id.in_(bindparam("ids", expanding=True)))
_COUNT_OF_IMAGE: Final = Prepared(select(func.count()).select_from(jobs).where(jobs.c.image_id == bindparam("image")))
_COUNT_OPEN: Final = (
    select(jobs.c.image_id, func.count())
    .where(jobs.c.image_id.in_(bindparam("ids", expanding=True)), text(IS_OPEN_ON_IMAGE))
    .group_by(jobs.c.image_id)
)
_OF_BATCH: Final = Prepared(
    select(jobs).where(jobs.c.batch_id == bindparam("batch")).order_by(jobs.c.created_at, jobs.c.id)
)
_NEWEST_CREATIONS: Final = (
    select(jobs)
    .where(jobs.c.owner_id == bindparam("owner"), text(IS_CREATION))
    .order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
    .limit(bindparam("rows_max"))
)
_FIRST_CREATIONS: Final = Prepared(_NEWEST_CREATIONS)
_NEXT_CREATIONS: Final = Prepared(
    _NEWEST_CREATIONS.where(
        tuple_(jobs.c.created_at, jobs.c.id)
        < tuple_(bindparam("before_time", type_=UtcDateTime), bindparam("before_id", type_=String))
    )
)

AnyJob = TypeVar("AnyJob", bound=Job)

_OLDEST: Final = select(jobs).order_by(jobs.c.created_at, jobs.c.id).limit(bindparam("rows_max"))
_EXPIRED: Final = Prepared(_OLDEST.where(jobs.c.leased_until <= bindparam("now")))


def _started(priority: Priority) -> tuple[Prepared, Prepared]:
    """Return the statements for the first page of started jobs and for those that follow."""
    first = (
        select(jobs.c.started_at, jobs.c.id)
        .where(text(IS_STARTED[priority]), jobs.c.started_at < bindparam("started_before"))
        .order_by(jobs.c.started_at, jobs.c.id)
        .limit(bindparam("rows_max"))
    )
    following = first.where(
        tuple_(jobs.c.started_at, jobs.c.id)
        > tuple_(bindparam("after_time", type_=UtcDateTime), bindparam("after_id", type_=String))
    )
    return Prepared(first), Prepared(following)


_FIRST_QUICK, _NEXT_QUICK = _started(Priority.HIGH)
_FIRST_LONG, _NEXT_LONG = _started(Priority.LOW)
_FIRST_FREE, _NEXT_FREE = _started(Priority.FREE)
_STARTED: Final = {
    Priority.HIGH: (_FIRST_QUICK, _NEXT_QUICK),
    Priority.LOW: (_FIRST_LONG, _NEXT_LONG),
    Priority.FREE: (_FIRST_FREE, _NEXT_FREE),
}


def _is_held_back(jobs: FromClause) -> ColumnElement[bool]:
    """Return the condition for a pending job without a message.

    It doesn't imply the condition of the index of all unclaimed jobs, so that PostgreSQL can't read these, the whole
    backlog, for an owner's few.
    """
    is_announced = exists().where(outbox_messages.c.job_id == jobs.c.id)
    is_pending = jobs.c.status == literal_column(f"'{JobStatus.PENDING.value}'")
    return and_(is_pending, jobs.c.started_at.is_(None), not_(is_announced))


_IS_ANNOUNCED: Final = exists().where(outbox_messages.c.job_id == jobs.c.id)
_IS_UNCLAIMED: Final = and_(jobs.c.claimed_at.is_(None), jobs.c.ended_at.is_(None))
_IS_HELD_BACK: Final = _is_held_back(jobs)


def _oldest_in_flight(owner: ColumnElement[str], *, limit: str, outside: FromClause = jobs) -> Select[str]:
    """Select the tiers of the owner's jobs in flight, up to the parameter `limit`.

    They are the owner's oldest, or nearly so, and an index returns the oldest first. So none of an owner's held-back
    jobs is read once the limit is reached.
    """
    moving = jobs.alias("moving")
    announced = exists().where(outbox_messages.c.job_id == moving.c.id)
    on_its_way = or_(moving.c.started_at.is_not(None), moving.c.claimed_at.is_not(None), announced)
    return (
        select(moving.c.tier)
        .where(moving.c.owner_id == owner, moving.c.ended_at.is_(None), on_its_way)
        .order_by(moving.c.created_at, moving.c.id)
        .limit(bindparam(limit))
        .correlate(outside)
    )


_IN_FLIGHT: Final = Prepared(_oldest_in_flight(bindparam("owner"), limit="jobs_max"))


def _others_wait() -> Select[Any]:
    """Return the statement that finds another owner's unclaimed job, if there is one, at the ends of indexes.

    Two searches of an index on owners, since one for `<>` would read all of this owner's pending jobs; those that are
    started are looked for only where all that are pending are this owner's. An order makes PostgreSQL use the index,
    whatever it knows of the rows.
    """
    one: ColumnElement[int] = literal_column("1")
    owner = bindparam("owner", type_=String)
    pending = select(jobs.c.owner_id).where(text(IS_PENDING)).limit(one)
    before = pending.where(jobs.c.owner_id < owner).order_by(jobs.c.owner_id.desc())
    behind = pending.where(jobs.c.owner_id > owner).order_by(jobs.c.owner_id)
    started = [
        select(jobs.c.owner_id)
        .where(text(IS_STARTED[priority]), jobs.c.owner_id != owner)
        .order_by(jobs.c.started_at, jobs.c.id)
        .limit(one)
        for priority in Priority
    ]
    return select(func.coalesce(*(query.scalar_subquery() for query in (before, behind, *started))))


_OTHERS_WAIT: Final = Prepared(_others_wait())
_HELD_BACK: Final = Prepared(
    select(jobs)
    .where(jobs.c.owner_id == bindparam("owner"), _IS_HELD_BACK)
    .order_by(jobs.c.created_at, jobs.c.id)
    .limit(bindparam("rows_max"))
)


def _next_waiting_owner(after: ColumnElement[str]) -> Select[str]:
    later = jobs.alias("later")
    return (
        select(later.c.owner_id)
        .where(_is_held_back(later), later.c.owner_id > after)
        .order_by(later.c.owner_id)
        .limit(literal_column("1"))
    )


def _waiting_owners() -> Select[Any]:
    """Return the statement that goes from owner to owner by an index, without reading each one's jobs."""
    first = _next_waiting_owner(bindparam("after", type_=String)).scalar_subquery()
    owners = select(first.label("owner_id")).cte("owners", recursive=True)
    following = _next_waiting_owner(owners.c.owner_id).correlate(owners).scalar_subquery()
    owners = owners.union_all(select(following).where(owners.c.owner_id.is_not(None)))
    moving = _oldest_in_flight(owners.c.owner_id, limit="count_max", outside=owners).subquery("oldest")
    in_flight = select(func.count()).select_from(moving).scalar_subquery()
    return select(owners.c.owner_id, in_flight).where(owners.c.owner_id.is_not(None)).limit(bindparam("rows_max"))


_WAITING_OWNERS: Final = Prepared(_waiting_owners())
_QUEUE: Final = Prepared(
    select(
        jobs.c.created_at,
        jobs.c.id,
        jobs.c.owner_id,
        and_(jobs.c.started_at.is_(None), not_(_IS_ANNOUNCED)).label("is_held_back"),
    )
    .where(_IS_UNCLAIMED)
    .order_by(jobs.c.created_at, jobs.c.id)
    .limit(bindparam("rows_max"))
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

    def of_image(self, image_id: ImageId) -> Sequence[Job]:
        """Return the image's jobs."""
        return self._jobs(_OF_IMAGE, {"image": image_id.text})

    def newest_of_image(self, image_id: ImageId, *, before: JobCursor | None = None, limit: int) -> Sequence[Job]:
        """Return a page of the image's jobs."""
        parameters = {"image": image_id.text, "rows_max": limit}
        if before is None:
            return self._jobs(_FIRST_OF_IMAGE, parameters)
        place = {"before_time": before.created_at, "before_id": before.id.text}
        return self._jobs(_NEXT_OF_IMAGE, {**parameters, **place})

    def newest_results(self, image_ids: Collection[ImageId], *, tier: Tier | None = None) -> Sequence[CompletedJob]:
        """Return each image's newest completed job, by an index of the image's jobs."""
        parameters = {"tier": "" if tier is None else tier.name}
        rows = self._statements.rows_of(_NEWEST_RESULTS, image_ids, parameters)
        found = self.find([JobId(id_) for (id_,) in rows if id_ is not None])
        return [job for job in found.values() if isinstance(job, CompletedJob)]

    def count_of_image(self, image_id: ImageId) -> int:
        """Return how many jobs the image has."""
        [(number,)] = self._statements.rows(_COUNT_OF_IMAGE, {"image": image_id.text})
        return int(number)

    def count_open(self, image_ids: Collection[ImageId]) -> Mapping[ImageId, int]:
        """Return how many of each image's jobs haven't ended."""
        rows = self._statements.rows_of(_COUNT_OPEN, image_ids)
        return {ImageId(id_): int(number) for id_, number in rows}

    def of_batch(self, batch_id: BatchId) -> Sequence[Job]:
        """Return the batch's jobs."""
        return self._jobs(_OF_BATCH, {"batch": batch_id.text})

    def generations(self, owner_id: OwnerId, *, before: JobCursor | None = None, limit: int) -> Sequence[Job]:
        """Return a page of the owner's generations and modifications."""
        parameters = {"owner": owner_id.text, "rows_max": limit}
        if before is None:
            return self._jobs(_FIRST_CREATIONS, parameters)
        place = {"before_time": before.created_at, "before_id": before.id.text}
        return self._jobs(_NEXT_CREATIONS, {**parameters, **place})

    def _jobs(self, statement: Prepared, parameters: Parameters) -> Sequence[Job]:
        return [job_of(row) for row in self._statements.rows(statement, parameters)]

    def with_expired_lease(self, *, now: datetime, limit: int) -> Sequence[ClaimedJob]:
        """Return claimed jobs whose lease has run out."""
        return self._of_kind(ClaimedJob, _EXPIRED, now=now, rows_max=limit)

    def started(
        self, priority: Priority, *, before: datetime, after: StartCursor | None = None, limit: int
    ) -> Sequence[StartCursor]:
        """Return started jobs that are unclaimed, page by page."""
        first, following = _STARTED[priority]
        parameters: Parameters = {"started_before": before, "rows_max": limit}
        if after is None:
            rows = self._statements.rows(first, parameters)
        else:
            place = {"after_time": after.started_at, "after_id": after.id.text}
            rows = self._statements.rows(following, {**parameters, **place})
        return [StartCursor(started_at, JobId(id_)) for started_at, id_ in rows]

    def _of_kind(self, kind: type[AnyJob], statement: Prepared, **parameters: object) -> Sequence[AnyJob]:
        return [_checked(kind, row) for row in self._statements.rows(statement, parameters)]

    def in_flight(self, owner_id: OwnerId, *, limit: int) -> Sequence[Tier]:
        """Return the tiers of the owner's jobs in flight, at most `limit`."""
        rows = self._statements.rows(_IN_FLIGHT, {"owner": owner_id.text, "jobs_max": limit})
        return [Tier(tier) for (tier,) in rows]

    def others_wait(self, owner_id: OwnerId) -> bool:
        """Return whether jobs of another owner wait for a worker."""
        [(found,)] = self._statements.rows(_OTHERS_WAIT, {"owner": owner_id.text})
        return found is not None

    def held_back(self, owner_id: OwnerId, *, limit: int) -> Sequence[PendingJob]:
        """Return the owner's held-back jobs."""
        found = [job_of(row) for row in self._statements.rows(_HELD_BACK, {"owner": owner_id.text, "rows_max": limit})]
        return [job for job in found if isinstance(job, PendingJob)]

    def waiting_owners(self, *, after: OwnerId | None = None, count_max: int, limit: int) -> Sequence[WaitingOwner]:
        """Return owners with held-back jobs."""
        parameters = {"after": "" if after is None else after.text, "count_max": count_max, "rows_max": limit}
        rows = self._statements.rows(_WAITING_OWNERS, parameters)
        return [WaitingOwner(OwnerId(owner_text), int(in_flight)) for owner_text, in_flight in rows]

    def queue_order(self, *, limit: int) -> QueueOrder:
        """Return the order of the unclaimed jobs."""
        rows = self._statements.rows(_QUEUE, {"rows_max": limit})
        return QueueOrder.of(UnclaimedJob(*row) for row in rows)


def _checked(kind: type[AnyJob], row: Row) -> AnyJob:
    job = job_of(row)
    if not isinstance(job, kind):
        raise InvariantViolated("a job's state follows from its times")
    return job
