"""Statistics in a database."""

from typing import Final

from attrs import frozen
from sqlalchemy import and_, case, exists, func, select

from spike_core.domain.statistics import QueueStatistics, RefundStatistics
from spike_sqlalchemy.prepared import Prepared
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import jobs, outbox_messages, refund_totals

_IS_ANNOUNCED: Final = exists().where(outbox_messages.c.job_id == jobs.c.id)
_STATE: Final = case((jobs.c.started_at.is_not(None), "started"), (_IS_ANNOUNCED, "announced"), else_="waiting")
_UNCLAIMED: Final = Prepared(
    select(_STATE.label("state"), func.count(), func.min(jobs.c.created_at))
    .where(and_(jobs.c.claimed_at.is_(None), jobs.c.ended_at.is_(None)))
    .group_by("state")
)
_CLAIMED: Final = Prepared(select(func.count()).select_from(jobs).where(jobs.c.leased_until.is_not(None)))
_REFUNDS: Final = Prepared(  # of the few rows of running sums
    select(
        func.coalesce(func.sum(refund_totals.c.refunds), 0), func.coalesce(func.sum(refund_totals.c.tokens), 0)
    ).where(refund_totals.c.shard >= 0)
)


@frozen
class SqlAlchemyStatistics:
    """See the port."""

    _statements: Statements

    def queue(self) -> QueueStatistics:
        """Return how many jobs haven't ended."""
        rows = {state: (number, oldest) for state, number, oldest in self._statements.rows(_UNCLAIMED, {})}
        [(claimed,)] = self._statements.rows(_CLAIMED, {})
        numbers = {state: rows[state][0] if state in rows else 0 for state in ("waiting", "announced", "started")}
        oldest = min((oldest for _, oldest in rows.values()), default=None)
        return QueueStatistics(**numbers, claimed=claimed, oldest_unclaimed_at=oldest)

    def refunds(self) -> RefundStatistics:
        """Return how often jobs were refunded, and how much."""
        [(refunds, tokens)] = self._statements.rows(_REFUNDS, {})
        return RefundStatistics(refunds=int(refunds), tokens=int(tokens))  # PostgreSQL's sums are of the type numeric
