"""The audit's reader in memory, where rows are values and so can't be damaged."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from attrs import frozen

from spike_core.domain.accounts import User
from spike_core.domain.albums import Album, AlbumCount, AlbumImage
from spike_core.domain.identifiers import AlbumId, AlbumImageId, Identifier, ImageId, JobId, OwnerId, UserId
from spike_core.domain.images import Image
from spike_core.domain.jobs import Job, SettledJob
from spike_core.domain.ledger import EntryKind, LedgerEntry, LedgerPosition
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.statistics import RefundStatistics
from spike_core.domain.tokens import NO_TOKENS
from spike_core.domain.usage import Usage
from spike_core.domain.wallet import CountedUsage, Wallet
from spike_core.ports.audit import AuditPage, Damage
from spike_memory.state import Rows

Id = TypeVar("Id", bound=Identifier)
Row = TypeVar("Row")


@frozen
class MemoryAuditReader:
    """See the port."""

    _rows: Rows

    def users(self, *, after: UserId | None = None, limit: int) -> AuditPage[User, UserId]:
        """Return a page of all users."""
        return _page({user.id: user for user in self._rows.state.users.values()}, after, limit)

    def wallets(self, *, after: OwnerId | None = None, limit: int) -> AuditPage[Wallet, OwnerId]:
        """Return a page of all wallets."""
        return _page(self._rows.state.wallets, after, limit)

    def ledger(
        self, *, after: LedgerPosition | None = None, until: OwnerId | None, limit: int
    ) -> AuditPage[LedgerEntry, LedgerPosition]:
        """Return a page of all ledgers."""
        ledgers = sorted(self._rows.state.ledgers.items())
        entries = [entry for owner_id, ledger in ledgers if until is None or owner_id <= until for entry in ledger]
        if after is not None:
            entries = [
                entry for entry in entries if (entry.owner_id, entry.sequence) > (after.owner_id, after.sequence)
            ]
        page = entries[:limit]
        end = LedgerPosition(page[-1].owner_id, page[-1].sequence) if len(page) == limit else None
        return AuditPage(rows=page, next=end)

    def unchained_until(self) -> datetime | None:
        """Return `None`: all entries are chained."""
        return None

    def refunds(self) -> RefundStatistics:
        """Count and add up all refunds."""
        entries = [entry for ledger in self._rows.state.ledgers.values() for entry in ledger]
        amounts = [entry.amount for entry in entries if entry.kind is EntryKind.REFUND]
        return RefundStatistics(refunds=len(amounts), tokens=sum(amounts))

    def album_counts(self, album_ids: Collection[AlbumId]) -> Sequence[AlbumCount]:
        """Return the numbers of images of these albums; they are counted, and not kept apart."""
        state = self._rows.state
        counts = [(id_, len(state.places.get(id_, ()))) for id_ in album_ids if id_ in state.albums]
        return [AlbumCount(album_id=id_, kept=count, counted=count) for id_, count in counts]

    def usage(self, owner_id: OwnerId) -> CountedUsage:
        """Count what the owner's jobs and images add up to."""
        state = self._rows.state
        images = [*state.images.values(), *(deletion.image for _, deletion in state.removed.values())]
        jobs = [job for job in state.jobs.values() if job.spec.owner_id == owner_id]
        charges = [job.spec.charged for job in jobs if not isinstance(job, SettledJob)]
        return CountedUsage(
            usage=Usage.of(images=[image for image in images if image.owner_id == owner_id], jobs=jobs),
            parked=sum(charges, NO_TOKENS),
        )

    def miscounted(self, *, after: OwnerId | None = None, limit: int) -> Sequence[tuple[Wallet, CountedUsage]]:
        """Return a page of the wallets whose running sums are wrong."""
        wallets = self._rows.state.wallets
        pairs = [(wallet, self.usage(owner_id)) for owner_id, wallet in sorted(wallets.items())]
        return [
            (wallet, counted)
            for wallet, counted in pairs
            if not counted.explains(wallet) and (after is None or wallet.owner_id > after)
        ][:limit]

    def images(self, *, after: ImageId | None = None, limit: int) -> AuditPage[Image, ImageId]:
        """Return a page of all images."""
        return _page(self._rows.state.images, after, limit)

    def jobs(self, *, after: JobId | None = None, limit: int) -> AuditPage[Job, JobId]:
        """Return a page of all jobs."""
        return _page(self._rows.state.jobs, after, limit)

    def entries_of(self, job_ids: Collection[JobId]) -> AuditPage[LedgerEntry, LedgerPosition]:
        """Return the entries that name one of these jobs."""
        wanted = set(job_ids)
        ledgers = self._rows.state.ledgers.values()
        return AuditPage(rows=[entry for entries in ledgers for entry in entries if entry.job_id in wanted])

    def messages(self, *, after: JobId | None = None, limit: int) -> AuditPage[OutboxMessage, JobId]:
        """Return a page of all messages."""
        return _page(self._rows.state.outbox, after, limit)

    def albums(self, *, after: AlbumId | None = None, limit: int) -> AuditPage[Album, AlbumId]:
        """Return a page of all albums."""
        return _page(self._rows.state.albums, after, limit)

    def places(self, *, after: AlbumImageId | None = None, limit: int) -> AuditPage[AlbumImage, AlbumImageId]:
        """Return a page of the places in all albums."""
        return _page({place.id: place for places in self._rows.state.places.values() for place in places}, after, limit)

    def images_among(self, image_ids: Collection[ImageId], *, deleting: bool) -> AuditPage[Image, ImageId]:
        """Return those images that exist."""
        images = dict(self._rows.state.images)
        if deleting:
            images.update({id_: deletion.image for id_, (_due, deletion) in self._rows.state.removed.items()})
        return AuditPage(rows=_among(images, image_ids))

    def jobs_among(self, job_ids: Collection[JobId]) -> AuditPage[Job, JobId]:
        """Return those jobs that exist."""
        return AuditPage(rows=_among(self._rows.state.jobs, job_ids))

    def albums_among(self, album_ids: Collection[AlbumId]) -> AuditPage[Album, AlbumId]:
        """Return those albums that exist."""
        return AuditPage(rows=_among(self._rows.state.albums, album_ids))

    def wallets_among(self, owner_ids: Collection[OwnerId]) -> frozenset[OwnerId]:
        """Return those owners that have a wallet."""
        return frozenset(owner_ids) & frozenset(self._rows.state.wallets)

    def users_among(self, user_ids: Collection[OwnerId]) -> frozenset[UserId]:
        """Return those users that exist."""
        return frozenset(user.id for user in self._rows.state.users.values() if user.id in user_ids)

    def damage(self) -> Sequence[Damage]:
        """Return nothing: there is no database to check."""
        return ()


def _page(rows: Mapping[Id, Row], after: Id | None, limit: int) -> AuditPage[Row, Id]:
    ids = [id_ for id_ in sorted(rows) if after is None or id_.text > after.text][:limit]
    return AuditPage(rows=[rows[id_] for id_ in ids], next=ids[-1] if len(ids) == limit else None)


def _among(rows: Mapping[Id, Row], ids: Collection[Id]) -> list[Row]:
    return [rows[id_] for id_ in dict.fromkeys(ids) if id_ in rows]
