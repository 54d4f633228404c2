"""Statistics in a database."""

from collections.abc import Iterator
from typing import Final

from attrs import frozen
from sqlalchemy import ScalarSelect, bindparam, exists, func, literal_column, select, text

from spike_core.domain.statistics import QueueStatistics, RefundStatistics
from spike_sqlalchemy.prepared_statements import Prepared, Row
from spike_sqlalchemy.rows import wallet_of
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import (
    IS_PENDING,
    IS_STARTED,
    IS_UNCLAIMED,
    IS_UNSUMMED,
    jobs,
    outbox_messages,
    refund_totals,
    wallets,
)
from spike_sqlalchemy.wallets import unsummed


def _count(condition: str) -> ScalarSelect[int]:
    """Count jobs by the partial index that has this condition, without reading the jobs."""
    return select(func.count()).select_from(jobs).where(text(condition)).scalar_subquery()


_ANNOUNCED: Final = (
    select(func.count())
    .select_from(outbox_messages)
    .where(exists().where(jobs.c.id == outbox_messages.c.job_id, text(IS_PENDING)))
    .scalar_subquery()
)
_OLDEST: Final = (
    select(jobs.c.created_at).where(text(IS_UNCLAIMED)).order_by(jobs.c.created_at).limit(1).scalar_subquery()
)
_QUEUE: Final = Prepared(
    select(
        _count(IS_PENDING),
        _ANNOUNCED,
        sum(map(_count, IS_STARTED.values()), start=literal_column("0")),
        _count("leased_until IS NOT NULL"),
        _OLDEST,
    )
)
_REFUNDS: Final = Prepared(  # of the few rows of running sums
    select(
        func.coalesce(func.sum(refund_totals.c.refunds), 0), func.coalesce(func.sum(refund_totals.c.tokens), 0)
    ).where(refund_totals.c.shard >= 0)
)
# usually none, and the index is empty; in its order, since PostgreSQL takes the condition to hold for most wallets and
# would read them all otherwise
_BEHIND: Final = Prepared(
    select(wallets)
    .where(text(IS_UNSUMMED), wallets.c.owner_id > bindparam("after"))
    .order_by(wallets.c.owner_id)
    .limit(bindparam("rows_max"))
)
UNSUMMED_BATCH: Final = 100


@frozen
class SqlAlchemyStatistics:
    """See the port."""

    _statements: Statements

    def queue(self) -> QueueStatistics:
        """Return how many jobs haven't ended."""
        [(pending, announced, started, claimed, oldest)] = self._statements.rows(_QUEUE, {})
        return QueueStatistics(
            waiting=pending - announced,
            announced=announced,
            started=started,
            claimed=claimed,
            oldest_unclaimed_at=oldest,
        )

    def refunds(self) -> RefundStatistics:
        """Return how often jobs were refunded, and how much."""
        [(refunds, tokens)] = self._statements.rows(_REFUNDS, {})
        behind = [unsummed(self._statements, row) for row in self._behind()]
        return RefundStatistics(  # PostgreSQL's sums are of the type numeric
            refunds=int(refunds) + sum(more.refunds for more in behind),
            tokens=int(tokens) + sum(more.refunded for more in behind),
        )

    def _behind(self) -> Iterator[Row]:
        """Yield the wallets to which a release without sums has added entries."""
        after = ""
        while True:
            rows = self._statements.rows(_BEHIND, {"after": after, "rows_max": UNSUMMED_BATCH})
            yield from rows
            if len(rows) < UNSUMMED_BATCH:
                return
            after = wallet_of(rows[-1]).owner_id.text
