"""The census in a database."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    String,
    Table,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    union_all,
)

from spike_core.domain.identifiers import Identifier, ImageId, JobId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import Job
from spike_core.domain.ledger import LedgerEntry, LedgerPosition
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.statistics import RefundStatistics
from spike_core.domain.tokens import Tokens
from spike_core.domain.usage import Usage
from spike_core.domain.wallet import CountedUsage, Wallet
from spike_sqlalchemy.job_rows import job_of
from spike_sqlalchemy.prepared import Prepared, Row
from spike_sqlalchemy.rows import entry_of, image_of, message_of
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import IS_REFUND, IS_SPEND, images, jobs, ledger_entries, outbox_messages, wallets
from spike_sqlalchemy.wallets import summed_wallet

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


_SUMS: Final = ("parked", "free_jobs", "paid_jobs", "images", "stored_bytes")
_IS_OPEN: Final = jobs.c.ended_at.is_(None)
_HAS_COPY: Final = images.c.original.startswith("originals/")  # beside it, one without metadata
_NONE: Final[ColumnElement[int]] = literal_column("0")


def _counted(*, of_one_owner: bool) -> FromClause:
    """Return what jobs and images add up to, by owner, or of the owner in the parameter `owner`."""
    of_jobs = select(
        jobs.c.owner_id,
        func.sum(case((_IS_OPEN, jobs.c.charged), else_=0)).label("parked"),
        func.sum(case((_IS_OPEN & (jobs.c.charged == 0), 1), else_=0)).label("free_jobs"),
        func.sum(case((_IS_OPEN & (jobs.c.charged > 0), 1), else_=0)).label("paid_jobs"),
        _NONE.label("images"),
        func.sum(func.coalesce(jobs.c.input_size_bytes, 0) + func.coalesce(jobs.c.result_size_bytes, 0)).label(
            "stored_bytes"
        ),
    ).group_by(jobs.c.owner_id)
    stored_bytes = func.sum(images.c.size_bytes * case((_HAS_COPY, 2), else_=1))
    of_images = select(images.c.owner_id, _NONE, _NONE, _NONE, func.count(), stored_bytes).group_by(images.c.owner_id)
    if of_one_owner:
        of_jobs = of_jobs.where(jobs.c.owner_id == bindparam("owner"))
        of_images = of_images.where(images.c.owner_id == bindparam("owner"))
    parts = union_all(of_jobs, of_images).subquery("parts")
    sums = [func.sum(parts.c[name]).label(name) for name in _SUMS]
    return select(parts.c.owner_id, *sums).group_by(parts.c.owner_id).subquery("counted")


def _miscounted() -> Select[Any]:
    counted = _counted(of_one_owner=False)
    sums = {name: func.coalesce(counted.c[name], 0) for name in _SUMS}
    return (
        select(wallets, *sums.values())
        .select_from(wallets.outerjoin(counted, counted.c.owner_id == wallets.c.owner_id))
        .where(wallets.c.owner_id > bindparam("after"), or_(*(wallets.c[name] != sums[name] for name in _SUMS)))
        .order_by(wallets.c.owner_id)
        .limit(bindparam("rows_max"))
    )


_OF_ONE: Final = _counted(of_one_owner=True)
_USAGE: Final = Prepared(select(*(_OF_ONE.c[name] for name in _SUMS)))
_MISCOUNTED: Final = Prepared(_miscounted())


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

    def refunds(self) -> RefundStatistics:
        """Count and add up all refunds."""
        [(refunds, tokens)] = self._statements.rows(_REFUNDS, {})
        return RefundStatistics(refunds=refunds, tokens=int(tokens))

    def usage(self, owner_id: OwnerId) -> CountedUsage:
        """Count what the owner's jobs and images add up to."""
        for row in self._statements.rows(_USAGE, {"owner": owner_id.text}):
            return _counted_usage(row)
        return CountedUsage()

    def miscounted(self, *, after: OwnerId | None = None, limit: int) -> Sequence[tuple[Wallet, CountedUsage]]:
        """Return a page of the wallets whose running sums are wrong."""
        parameters = {"after": "" if after is None else after.text, "rows_max": limit}
        rows = self._statements.rows(_MISCOUNTED, parameters)
        width = len(wallets.columns)
        return [(summed_wallet(self._statements, row[:width]), _counted_usage(row[width:])) for row in rows]

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


def _counted_usage(row: Row) -> CountedUsage:
    parked, free_jobs, paid_jobs, images, stored_bytes = map(int, row)  # PostgreSQL's sums are of the type numeric
    return CountedUsage(
        usage=Usage(free_jobs=free_jobs, paid_jobs=paid_jobs, images=images, stored_bytes=stored_bytes),
        parked=Tokens(parked),
    )
