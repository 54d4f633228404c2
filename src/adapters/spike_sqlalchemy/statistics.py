"""Statistics in a database."""

from typing import Final

from attrs import frozen
from sqlalchemy import and_, case, exists, func, select, text

from spike_core.domain.statistics import QueueStatistics, RefundStatistics
from spike_sqlalchemy.prepared import Prepared
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import IS_REFUND, jobs, ledger_entries, outbox_messages

_IS_ANNOUNCED: Final = exists().where(outbox_messages.c.job_id == jobs.c.id)
_STATE: Final = case((jobs.c.started_at.is_not(None), "started"), (_IS_ANNOUNCED, "announced"), else_="waiting")
_UNCLAIMED: Final = Prepared(
    select(_STATE.label("state"), func.count(), func.min(jobs.c.created_at))
    .where(and_(jobs.c.claimed_at.is_(None), jobs.c.ended_at.is_(None)))
    .group_by("state")
)
_CLAIMED: Final = Prepared(select(func.count()).select_from(jobs).where(jobs.c.leased_until.is_not(None)))
_REFUNDS: Final = Prepared(
    select(func.count(), func.coalesce(func.sum(ledger_entries.c.amount), 0)).where(text(IS_REFUND))
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
        return RefundStatistics(refunds=refunds, tokens=int(tokens))
