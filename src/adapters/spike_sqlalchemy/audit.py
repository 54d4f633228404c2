"""The census in a database."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from attrs import frozen
from sqlalchemy import BigInteger, ColumnElement, String, Table, bindparam, func, select, text, tuple_, union_all

from spike_core.domain.identifiers import Identifier, ImageId, JobId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import Job
from spike_core.domain.ledger import LedgerEntry, LedgerPosition
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.statistics import RefundStatistics
from spike_core.domain.wallet import Wallet
from spike_sqlalchemy.job_rows import job_of
from spike_sqlalchemy.prepared import Prepared, Row
from spike_sqlalchemy.rows import entry_of, image_of, message_of
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import IS_REFUND, IS_SPEND, images, jobs, ledger_entries, outbox_messages, wallets
from spike_sqlalchemy.wallets import summed_wallet, unchained_until

Value = TypeVar("Value")


def _page(table: Table, id_: ColumnElement[str], *conditions: ColumnElement[bool]) -> Prepared:
    behind = select(table).where(id_ > bindparam("after"), *conditions)
    return Prepared(behind.order_by(id_).limit(bindparam("rows_max")))


_WALLETS: Final = _page(wallets, wallets.c.owner_id)
_IMAGES: Final = _page(images, images.c.id, images.c.removed_at.is_(None))
_JOBS: Final = _page(jobs, jobs.c.id)
_MESSAGES: Final = _page(outbox_messages, outbox_messages.c.job_id)
_LEDGER: Final = Prepared(
    select(ledger_entries)
    .where(
        tuple_(ledger_entries.c.owner_id, ledger_entries.c.sequence)
        > tuple_(bindparam("after_owner", type_=String), bindparam("after_sequence", type_=BigInteger)),
        ledger_entries.c.owner_id <= bindparam("until"),
    )
    .order_by(ledger_entries.c.owner_id, ledger_entries.c.sequence)
    .limit(bindparam("rows_max"))
)
_REFUNDS: Final = Prepared(
    select(func.count(), func.coalesce(func.sum(ledger_entries.c.amount), 0)).where(text(IS_REFUND))
)
_ENTRIES: Final = union_all(  # each half has its partial index
    *(
        select(ledger_entries).where(ledger_entries.c.job_id.in_(bindparam("ids", expanding=True)), text(kind))
        for kind in (IS_SPEND, IS_REFUND)
    )
)


@frozen
class SqlAlchemyAuditReader:
    """See the port."""

    _statements: Statements

    def wallets(self, *, after: OwnerId | None = None, limit: int) -> Sequence[Wallet]:
        """Return a page of all wallets."""
        return self._values(partial(summed_wallet, self._statements), _WALLETS, after, limit)

    def ledger(self, *, after: LedgerPosition | None = None, until: OwnerId, limit: int) -> Sequence[LedgerEntry]:
        """Return a page of all ledgers."""
        owner, sequence = ("", 0) if after is None else (after.owner_id.text, after.sequence)
        parameters = {"after_owner": owner, "after_sequence": sequence, "until": until.text, "rows_max": limit}
        return [entry_of(row) for row in self._statements.rows(_LEDGER, parameters)]

    def unchained_until(self) -> datetime | None:
        """Return until when a release without hashes may have written entries."""
        return unchained_until(self._statements)

    def refunds(self) -> RefundStatistics:
        """Count and add up all refunds."""
        [(refunds, tokens)] = self._statements.rows(_REFUNDS, {})
        return RefundStatistics(refunds=refunds, tokens=int(tokens))

    def images(self, *, after: ImageId | None = None, limit: int) -> Sequence[Image]:
        """Return a page of all images."""
        return self._values(image_of, _IMAGES, after, limit)

    def jobs(self, *, after: JobId | None = None, limit: int) -> Sequence[Job]:
        """Return a page of all jobs."""
        return self._values(job_of, _JOBS, after, limit)

    def entries_of(self, job_ids: Collection[JobId]) -> Sequence[LedgerEntry]:
        """Return the entries that name one of these jobs."""
        return [entry_of(row) for row in self._statements.rows_of(_ENTRIES, job_ids)]

    def messages(self, *, after: JobId | None = None, limit: int) -> Sequence[OutboxMessage]:
        """Return a page of all messages."""
        return self._values(message_of, _MESSAGES, after, limit)

    def _values(
        self, value_of: Callable[[Row], Value], statement: Prepared, after: Identifier | None, limit: int
    ) -> Sequence[Value]:
        behind = "" if after is None else after.text
        return [value_of(row) for row in self._statements.rows(statement, {"after": behind, "rows_max": limit})]
