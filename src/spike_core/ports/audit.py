"""The audit reader port: all rows, page by page, whatever they hold."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar, overload

from attrs import frozen

from spike_core.domain.accounts import User
from spike_core.domain.albums import Album, AlbumCount, AlbumImage
from spike_core.domain.identifiers import AlbumId, AlbumImageId, ImageId, JobId, OwnerId, UserId
from spike_core.domain.images import Image
from spike_core.domain.jobs import Job
from spike_core.domain.ledger import LedgerEntry, LedgerPosition
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.statistics import RefundStatistics
from spike_core.domain.wallet import CountedUsage, Wallet

Row_co = TypeVar("Row_co", covariant=True)
Position_co = TypeVar("Position_co", covariant=True)


@frozen(kw_only=True)
class UnreadableRow:
    """A row that holds no valid value: a type, a number or a name that the domain refuses."""

    table: str
    key: str  # the primary key, its parts joined by slashes
    ids: frozenset[str]  # all identifiers in the row, its own included
    reason: str


@frozen(kw_only=True)
class Damage:
    """What the database itself finds wrong with its tables, indexes or constraints."""

    subject: str  # a table, an index, or the database's name
    message: str


@frozen(kw_only=True)
class AuditPage(Sequence[Row_co], Generic[Row_co, Position_co]):
    """A page of rows: a sequence of those that can be read, in order, and the others apart."""

    rows: Sequence[Row_co] = ()
    unreadable: Sequence[UnreadableRow] = ()
    changed: frozenset[str] = frozenset()  # ids of rows whose checksum isn't that of their content
    next: Position_co | None = None  # where the next page starts; `None` on the last page

    @property
    def damaged(self) -> frozenset[str]:
        """The ids of rows that were changed, and all ids in unreadable rows."""
        return self.changed.union(*(row.ids for row in self.unreadable))

    @overload
    def __getitem__(self, index: int) -> Row_co: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Row_co]: ...

    def __getitem__(self, index: int | slice) -> Row_co | Sequence[Row_co]:
        """Return a row that can be read, or several."""
        return self.rows[index]

    def __iter__(self) -> Iterator[Row_co]:
        """Iterate over the rows that can be read."""
        return iter(self.rows)

    def __len__(self) -> int:
        """Count the rows that can be read."""
        return len(self.rows)


class AuditReader(Protocol):
    """All rows, ordered by id, for the audit; each page starts after the position `after`, or at the beginning.

    A row that can't be read doesn't keep the others from being read. Pages hold `limit` rows at most, the unreadable
    ones counted.

    Raises:
        DatabaseDamaged: by any method; the table can't be read any further.
    """

    def users(self, *, after: UserId | None = None, limit: int) -> AuditPage[User, UserId]:
        """Return a page of all users."""

    def wallets(self, *, after: OwnerId | None = None, limit: int) -> AuditPage[Wallet, OwnerId]:
        """Return a page of all wallets."""

    def ledger(
        self, *, after: LedgerPosition | None = None, until: OwnerId | None, limit: int
    ) -> AuditPage[LedgerEntry, LedgerPosition]:
        """Return a page of the ledger entries of all owners up to `until`, ordered by owner and sequence number.

        Without `until`, of all owners.
        """

    def unchained_until(self) -> datetime | None:
        """Return until when a release without hashes may have written ledger entries; `None` if there never was one."""

    def refunds(self) -> RefundStatistics:
        """Count and add up all refunds; `Statistics.refunds` returns the same without counting."""

    def album_counts(self, album_ids: Collection[AlbumId]) -> Sequence[AlbumCount]:
        """Return the numbers of images of those of the albums that exist, and count them."""

    def usage(self, owner_id: OwnerId) -> CountedUsage:
        """Count what the owner's stored jobs and images add up to, hidden images included. Reads all jobs."""

    def miscounted(self, *, after: OwnerId | None = None, limit: int) -> Sequence[tuple[Wallet, CountedUsage]]:
        """Return a page of the wallets whose running sums aren't what `usage` counts, with that. Reads all jobs."""

    def images(self, *, after: ImageId | None = None, limit: int) -> AuditPage[Image, ImageId]:
        """Return a page of all images, without those that are being deleted."""

    def jobs(self, *, after: JobId | None = None, limit: int) -> AuditPage[Job, JobId]:
        """Return a page of all jobs."""

    def entries_of(self, job_ids: Collection[JobId]) -> AuditPage[LedgerEntry, LedgerPosition]:
        """Return all ledger entries, of any owner, that name one of these jobs."""

    def messages(self, *, after: JobId | None = None, limit: int) -> AuditPage[OutboxMessage, JobId]:
        """Return a page of all outbox messages, ordered by job, due or not."""

    def albums(self, *, after: AlbumId | None = None, limit: int) -> AuditPage[Album, AlbumId]:
        """Return a page of all albums."""

    def places(self, *, after: AlbumImageId | None = None, limit: int) -> AuditPage[AlbumImage, AlbumImageId]:
        """Return a page of the places of images in all albums."""

    def images_among(self, image_ids: Collection[ImageId], *, deleting: bool) -> AuditPage[Image, ImageId]:
        """Return all of these images that exist; those that are being deleted only if `deleting`."""

    def jobs_among(self, job_ids: Collection[JobId]) -> AuditPage[Job, JobId]:
        """Return all of these jobs that exist."""

    def albums_among(self, album_ids: Collection[AlbumId]) -> AuditPage[Album, AlbumId]:
        """Return all of these albums that exist."""

    def wallets_among(self, owner_ids: Collection[OwnerId]) -> frozenset[OwnerId]:
        """Return those of the owners that have a wallet, readable or not."""

    def users_among(self, user_ids: Collection[OwnerId]) -> frozenset[UserId]:
        """Return those of the users that exist, readable or not."""

    def damage(self) -> Sequence[Damage]:
        """Return what the database itself finds wrong, as far as it can check itself."""
