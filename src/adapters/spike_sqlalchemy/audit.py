"""The audit's reader of a database. Rows are read as the driver returns them, and made values one by one."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar, cast

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
from sqlalchemy import cast as sql_cast

from spike_core.domain.accounts import User
from spike_core.domain.albums import Album, AlbumCount, AlbumImage
from spike_core.domain.identifiers import AlbumId, AlbumImageId, Identifier, ImageId, JobId, OwnerId, UserId
from spike_core.domain.images import Image
from spike_core.domain.jobs import Job
from spike_core.domain.ledger import LedgerEntry, LedgerPosition
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.statistics import RefundStatistics
from spike_core.domain.tokens import Tokens
from spike_core.domain.usage import Usage
from spike_core.domain.wallet import CountedUsage, Wallet
from spike_core.ports.audit import AuditPage, Damage
from spike_sqlalchemy.integrity_checks import damage
from spike_sqlalchemy.job_rows import job_of
from spike_sqlalchemy.prepared_statements import Parameters, Prepared, Row
from spike_sqlalchemy.rows import album_of, entry_of, image_of, message_of, place_of, user_of, wallet_of
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import (
    IS_CHARGE,
    IS_REFUND,
    album_images,
    albums,
    images,
    jobs,
    ledger_entries,
    outbox_messages,
    users,
    wallets,
)
from spike_sqlalchemy.tolerant_reads import TolerantReader, raw
from spike_sqlalchemy.wallets import summed_wallet, unchained_until

Value = TypeVar("Value")
Id = TypeVar("Id", bound=Identifier)
_LAST: Final = "\U0010ffff"  # behind all ids


def _text(parameter: str) -> ColumnElement[str]:
    """Return a parameter as text; bytes, of a damaged id, are taken for the text that they can't be."""
    return sql_cast(bindparam(parameter, type_=String), String)


def _page(table: Table, id_: ColumnElement[str], *conditions: ColumnElement[bool]) -> Prepared:
    behind = select(*raw(table)).where(id_ > _text("after"), *conditions)
    return Prepared(behind.order_by(id_).limit(bindparam("rows_max")))


def _among(table: Table, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(*raw(table)).where(table.c.id.in_(bindparam("ids", expanding=True)), *conditions)


_ALBUM_COUNTS: Final = select(
    albums.c.id,
    albums.c.image_count,
    select(func.count())
    .select_from(album_images)
    .where(album_images.c.album_id == albums.c.id)
    .correlate(albums)
    .scalar_subquery(),
).where(albums.c.id.in_(bindparam("ids", expanding=True)))
_USERS: Final = _page(users, users.c.id)
_WALLETS: Final = _page(wallets, wallets.c.owner_id)
_IMAGES: Final = _page(images, images.c.id, images.c.removed_at.is_(None))
_JOBS: Final = _page(jobs, jobs.c.id)
_MESSAGES: Final = _page(outbox_messages, outbox_messages.c.job_id)
_ALBUMS: Final = _page(albums, albums.c.id)
_PLACES: Final = _page(album_images, album_images.c.id)
_LEDGER: Final = Prepared(
    select(*raw(ledger_entries))
    .where(
        tuple_(ledger_entries.c.owner_id, ledger_entries.c.sequence)
        > tuple_(_text("after_owner"), bindparam("after_sequence", type_=BigInteger)),
        ledger_entries.c.owner_id <= _text("until"),
    )
    .order_by(ledger_entries.c.owner_id, ledger_entries.c.sequence)
    .limit(bindparam("rows_max"))
)
_REFUNDS: Final = Prepared(
    select(func.count(), func.coalesce(func.sum(ledger_entries.c.amount), 0)).where(text(IS_REFUND))
)
_ENTRIES: Final = union_all(  # each half has its partial index
    *(
        select(*raw(ledger_entries)).where(ledger_entries.c.job_id.in_(bindparam("ids", expanding=True)), text(kind))
        for kind in (IS_CHARGE, IS_REFUND)
    )
)
_IMAGES_AMONG: Final = _among(images)
_KEPT_IMAGES_AMONG: Final = _among(images, images.c.removed_at.is_(None))
_JOBS_AMONG: Final = _among(jobs)
_ALBUMS_AMONG: Final = _among(albums)
_WALLETS_AMONG: Final = select(wallets.c.owner_id).where(wallets.c.owner_id.in_(bindparam("ids", expanding=True)))
_USERS_AMONG: Final = select(users.c.id).where(users.c.id.in_(bindparam("ids", expanding=True)))

_WALLET_READER: Final = TolerantReader(wallets, wallet_of)
_USER_READER: Final = TolerantReader(users, user_of)
_ENTRY_READER: Final = TolerantReader(ledger_entries, entry_of)
_IMAGE_READER: Final = TolerantReader(images, image_of, checksum_of=lambda image: image.checksum)
_JOB_READER: Final = TolerantReader(jobs, job_of, checksum_of=lambda job: job.spec.checksum)
_MESSAGE_READER: Final = TolerantReader(outbox_messages, message_of)
_ALBUM_READER: Final = TolerantReader(albums, lambda row: album_of(row[:-1]))  # the number of images comes last
_PLACE_READER: Final = TolerantReader(album_images, place_of)


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
        select(*raw(wallets), *sums.values())
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

    def users(self, *, after: UserId | None = None, limit: int) -> AuditPage[User, UserId]:
        """Return a page of all users."""
        return self._page(_USER_READER, _USERS, UserId, after, limit)

    def wallets(self, *, after: OwnerId | None = None, limit: int) -> AuditPage[Wallet, OwnerId]:
        """Return a page of all wallets."""

        def summed(row: Row) -> Wallet:
            wallet_of(row)  # before it is asked what its sums don't cover
            return summed_wallet(self._statements, row)

        return self._page(TolerantReader(wallets, summed), _WALLETS, OwnerId, after, limit)

    def ledger(
        self, *, after: LedgerPosition | None = None, until: OwnerId | None, limit: int
    ) -> AuditPage[LedgerEntry, LedgerPosition]:
        """Return a page of all ledgers."""
        owner, sequence = ("", 0) if after is None else (after.owner_id.text, after.sequence)
        last = _LAST if until is None else until.text
        parameters = {"after_owner": owner, "after_sequence": sequence, "until": last, "rows_max": limit}
        rows = self._rows(_LEDGER, parameters)
        end = LedgerPosition(OwnerId(rows[-1][0]), rows[-1][1]) if len(rows) == limit else None
        return self._read(_ENTRY_READER, rows, end)

    def unchained_until(self) -> datetime | None:
        """Return until when a release without hashes may have written entries."""
        return unchained_until(self._statements)

    def refunds(self) -> RefundStatistics:
        """Count and add up all refunds."""
        [(refunds, tokens)] = self._statements.rows(_REFUNDS, {})
        return RefundStatistics(refunds=refunds, tokens=int(tokens))

    def _take_time(self) -> None:
        """Lift the limit on the time of a statement in this transaction: what follows reads all jobs."""
        if self._statements.dialect.name == "postgresql":
            self._statements.plain_rows("SELECT set_config('statement_timeout', '0', true)")

    def album_counts(self, album_ids: Collection[AlbumId]) -> Sequence[AlbumCount]:
        """Return the numbers of images of these albums."""
        rows = self._statements.rows_of(_ALBUM_COUNTS, album_ids)
        return [AlbumCount(album_id=AlbumId(id_), kept=kept, counted=counted) for id_, kept, counted in rows]

    def usage(self, owner_id: OwnerId) -> CountedUsage:
        """Count what the owner's jobs and images add up to."""
        for row in self._statements.rows(_USAGE, {"owner": owner_id.text}):
            return _counted_usage(row)
        return CountedUsage()

    def miscounted(self, *, after: OwnerId | None = None, limit: int) -> Sequence[tuple[Wallet, CountedUsage]]:
        """Return a page of the wallets whose running sums are wrong."""
        parameters = {"after": "" if after is None else after.text, "rows_max": limit}
        width = len(wallets.columns)
        self._take_time()
        return [
            (wallet, _counted_usage(row[width:]))
            for row in self._rows(_MISCOUNTED, parameters)
            for wallet in self._read(_WALLET_READER, [row[:width]])  # none if it can't be read
        ]

    def images(self, *, after: ImageId | None = None, limit: int) -> AuditPage[Image, ImageId]:
        """Return a page of all images."""
        return self._page(_IMAGE_READER, _IMAGES, ImageId, after, limit)

    def jobs(self, *, after: JobId | None = None, limit: int) -> AuditPage[Job, JobId]:
        """Return a page of all jobs."""
        return self._page(_JOB_READER, _JOBS, JobId, after, limit)

    def entries_of(self, job_ids: Collection[JobId]) -> AuditPage[LedgerEntry, LedgerPosition]:
        """Return the entries that name one of these jobs."""
        return self._read(_ENTRY_READER, self._rows_of(_ENTRIES, job_ids))

    def messages(self, *, after: JobId | None = None, limit: int) -> AuditPage[OutboxMessage, JobId]:
        """Return a page of all messages."""
        return self._page(_MESSAGE_READER, _MESSAGES, JobId, after, limit)

    def albums(self, *, after: AlbumId | None = None, limit: int) -> AuditPage[Album, AlbumId]:
        """Return a page of all albums."""
        return self._page(_ALBUM_READER, _ALBUMS, AlbumId, after, limit)

    def places(self, *, after: AlbumImageId | None = None, limit: int) -> AuditPage[AlbumImage, AlbumImageId]:
        """Return a page of the places in all albums."""
        return self._page(_PLACE_READER, _PLACES, AlbumImageId, after, limit)

    def images_among(self, image_ids: Collection[ImageId], *, deleting: bool) -> AuditPage[Image, ImageId]:
        """Return those images that exist."""
        return self._read(_IMAGE_READER, self._rows_of(_IMAGES_AMONG if deleting else _KEPT_IMAGES_AMONG, image_ids))

    def jobs_among(self, job_ids: Collection[JobId]) -> AuditPage[Job, JobId]:
        """Return those jobs that exist."""
        return self._read(_JOB_READER, self._rows_of(_JOBS_AMONG, job_ids))

    def albums_among(self, album_ids: Collection[AlbumId]) -> AuditPage[Album, AlbumId]:
        """Return those albums that exist."""
        return self._read(_ALBUM_READER, self._rows_of(_ALBUMS_AMONG, album_ids))

    def wallets_among(self, owner_ids: Collection[OwnerId]) -> frozenset[OwnerId]:
        """Return those owners that have a wallet."""
        return frozenset(OwnerId(id_) for (id_,) in self._rows_of(_WALLETS_AMONG, owner_ids))

    def users_among(self, user_ids: Collection[OwnerId]) -> frozenset[UserId]:
        """Return those users that exist."""
        return frozenset(UserId(id_) for (id_,) in self._rows_of(_USERS_AMONG, user_ids))

    def damage(self) -> Sequence[Damage]:
        """Return what the database itself finds wrong."""
        return list(damage(self._statements))

    def _page(
        self, reader: TolerantReader[Value], statement: Prepared, kind: type[Id], after: Id | None, limit: int
    ) -> AuditPage[Value, Id]:
        rows = self._rows(statement, {"after": "" if after is None else after.text, "rows_max": limit})
        end = None
        if len(rows) == limit:
            [column] = reader.table.primary_key
            end = kind(rows[-1][list(reader.table.columns).index(column)])
        return self._read(reader, rows, end)

    def _read(self, reader: TolerantReader[Value], rows: Sequence[Row], end: object = None) -> AuditPage[Value, Any]:
        page = reader.page(self._statements.dialect, rows)
        return AuditPage(rows=page.rows, unreadable=page.unreadable, changed=page.changed, next=cast("Any", end))

    def _rows(self, statement: Prepared, parameters: Parameters) -> Sequence[Row]:
        with self._statements.tolerating_bytes():
            return self._statements.rows(statement, parameters)

    def _rows_of(self, statement: Any, ids: Collection[Identifier]) -> Sequence[Row]:
        with self._statements.tolerating_bytes():
            return list(self._statements.rows_of(statement, ids))


def _counted_usage(row: Row) -> CountedUsage:
    parked, free_jobs, paid_jobs, images, stored_bytes = map(int, row)  # PostgreSQL's sums are of the type numeric
    return CountedUsage(
        usage=Usage(free_jobs=free_jobs, paid_jobs=paid_jobs, images=images, stored_bytes=stored_bytes),
        parked=Tokens(parked),
    )
