"""Turns in a database."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from attrs import frozen
from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, not_, or_, select

from spike_core.domain.identifiers import JobId, OwnerId
from spike_core.domain.jobs import PendingJob
from spike_sqlalchemy.job_rows import job_of
from spike_sqlalchemy.prepared import Prepared
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import jobs, outbox_messages

_IS_ANNOUNCED: Final = exists().where(outbox_messages.c.job_id == jobs.c.id)
_IS_UNCLAIMED: Final = and_(jobs.c.claimed_at.is_(None), jobs.c.ended_at.is_(None))
_WAITS: Final = and_(_IS_UNCLAIMED, jobs.c.started_at.is_(None), not_(_IS_ANNOUNCED))


def _on_their_way(owner: ColumnElement[str], *, limit: str) -> Select[int]:
    """Count the owner's jobs on their way, up to the parameter `limit`.

    They are the owner's oldest, or nearly so, and an index gives the oldest first: whoever has `limit` on their way may
    have thousands that wait, and none of those is read.
    """
    moving = jobs.alias("moving")
    announced = exists().where(outbox_messages.c.job_id == moving.c.id)
    on_its_way = or_(moving.c.started_at.is_not(None), moving.c.claimed_at.is_not(None), announced)
    oldest = (
        select(moving.c.id)
        .where(moving.c.owner_id == owner, moving.c.ended_at.is_(None), on_its_way)
        .order_by(moving.c.created_at, moving.c.id)
        .limit(bindparam(limit))
        .correlate(jobs)
    )
    return select(func.count()).select_from(oldest.subquery("oldest"))


_ON_THEIR_WAY: Final = Prepared(_on_their_way(bindparam("owner"), limit="jobs_max"))
_WAITING: Final = Prepared(
    select(jobs)
    .where(jobs.c.owner_id == bindparam("owner"), _WAITS)
    .order_by(jobs.c.created_at, jobs.c.id)
    .limit(bindparam("rows_max"))
)
_OWNERS: Final = Prepared(
    select(jobs.c.owner_id)
    .where(_WAITS)
    .group_by(jobs.c.owner_id)
    .having(_on_their_way(jobs.c.owner_id, limit="below").scalar_subquery() < bindparam("below"))
    .order_by(func.min(jobs.c.created_at), jobs.c.owner_id)
    .limit(bindparam("rows_max"))
)

_unclaimed: Final = (
    select(
        jobs.c.id,
        jobs.c.owner_id,
        jobs.c.created_at,
        case((and_(jobs.c.started_at.is_(None), not_(_IS_ANNOUNCED)), 1), else_=0).label("waits"),
    )
    .where(_IS_UNCLAIMED)
    .subquery("unclaimed")
)
_AGE: Final = (_unclaimed.c.created_at, _unclaimed.c.id)
_queue: Final = select(
    _unclaimed,
    case(
        (
            _unclaimed.c.waits == 1,
            func.row_number().over(partition_by=(_unclaimed.c.owner_id, _unclaimed.c.waits), order_by=_AGE),
        ),
        else_=0,
    ).label("turn"),
).subquery("queue")
_line: Final = select(
    _queue.c.id,
    func.row_number().over(order_by=(_queue.c.turn, _queue.c.created_at, _queue.c.id)).label("place"),
).subquery("line")
_POSITIONS: Final = select(_line.c.id, _line.c.place).where(_line.c.id.in_(bindparam("ids", expanding=True)))


@frozen
class SqlAlchemyTurns:
    """See the port."""

    _statements: Statements

    def on_their_way(self, owner_id: OwnerId, *, limit: int) -> int:
        """Return how many of the owner's jobs are on their way, or `limit`."""
        [(number,)] = self._statements.rows(_ON_THEIR_WAY, {"owner": owner_id.text, "jobs_max": limit})
        return int(number)

    def waiting(self, owner_id: OwnerId, *, limit: int) -> Sequence[PendingJob]:
        """Return the owner's jobs that wait for their turn."""
        found = [job_of(row) for row in self._statements.rows(_WAITING, {"owner": owner_id.text, "rows_max": limit})]
        return [job for job in found if isinstance(job, PendingJob)]

    def owners(self, *, below: int, limit: int) -> Sequence[OwnerId]:
        """Return owners who have jobs that wait, and room."""
        return [OwnerId(text) for (text,) in self._statements.rows(_OWNERS, {"below": below, "rows_max": limit})]

    def positions(self, job_ids: Collection[JobId]) -> Mapping[JobId, int]:
        """Return the places in the queue."""
        return {JobId(id_): place for id_, place in self._statements.rows_of(_POSITIONS, job_ids)}
