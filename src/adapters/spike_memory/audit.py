"""The census in memory."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from attrs import frozen

from spike_core.domain.identifiers import Identifier, ImageId, JobId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import Job, SettledJob
from spike_core.domain.ledger import EntryKind, LedgerEntry, LedgerPosition
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.statistics import RefundStatistics
from spike_core.domain.tokens import NO_TOKENS
from spike_core.domain.usage import Usage
from spike_core.domain.wallet import CountedUsage, Wallet
from spike_memory.state import Rows

Id = TypeVar("Id", bound=Identifier)
Row = TypeVar("Row")


@frozen
class MemoryAuditReader:
    """See the port."""

    _rows: Rows

    def wallets(self, *, after: OwnerId | None = None, limit: int) -> Sequence[Wallet]:
        """Return a page of all wallets."""
        return _page(self._rows.state.wallets, after, limit)

    def ledger(self, *, after: LedgerPosition | None = None, until: OwnerId, limit: int) -> Sequence[LedgerEntry]:
        """Return a page of all ledgers."""
        ledgers = sorted(self._rows.state.ledgers.items())
        entries = [entry for owner_id, ledger in ledgers if owner_id <= until for entry in ledger]
        if after is not None:
            entries = [
                entry for entry in entries if (entry.owner_id, entry.sequence) > (after.owner_id, after.sequence)
            ]
        return entries[:limit]

    def refunds(self) -> RefundStatistics:
        """Count and add up all refunds."""
        entries = [entry for ledger in self._rows.state.ledgers.values() for entry in ledger]
        amounts = [entry.amount for entry in entries if entry.kind is EntryKind.REFUND]
        return RefundStatistics(refunds=len(amounts), tokens=sum(amounts))

    def usage(self, owner_id: OwnerId) -> CountedUsage:
        """Count what the owner's jobs and images add up to."""
        state = self._rows.state
        images = [*state.images.values(), *(image for _, image in state.removed.values())]
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

    def images(self, *, after: ImageId | None = None, limit: int) -> Sequence[Image]:
        """Return a page of all images."""
        return _page(self._rows.state.images, after, limit)

    def jobs(self, *, after: JobId | None = None, limit: int) -> Sequence[Job]:
        """Return a page of all jobs."""
        return _page(self._rows.state.jobs, after, limit)

    def entries_of(self, job_ids: Collection[JobId]) -> Sequence[LedgerEntry]:
        """Return the entries that name one of these jobs."""
        wanted = set(job_ids)
        ledgers = self._rows.state.ledgers.values()
        return [entry for entries in ledgers for entry in entries if entry.job_id in wanted]

    def messages(self, *, after: JobId | None = None, limit: int) -> Sequence[OutboxMessage]:
        """Return a page of all messages."""
        return _page(self._rows.state.outbox, after, limit)


def _page(rows: Mapping[Id, Row], after: Id | None, limit: int) -> list[Row]:
    return [rows[id_] for id_ in sorted(rows) if after is None or id_.text > after.text][:limit]
