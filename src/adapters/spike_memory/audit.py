"""The census in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from attrs import frozen

from spike_core.domain.identifiers import Identifier, ImageId, JobId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import Job
from spike_core.domain.ledger import EntryKind, LedgerEntry, LedgerPosition
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.statistics import RefundStatistics
from spike_core.domain.wallet import Wallet
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

    def unchained_until(self) -> datetime | None:
        """Return `None`: all entries are chained."""
        return None

    def refunds(self) -> RefundStatistics:
        """Count and add up all refunds."""
        entries = [entry for ledger in self._rows.state.ledgers.values() for entry in ledger]
        amounts = [entry.amount for entry in entries if entry.kind is EntryKind.REFUND]
        return RefundStatistics(refunds=len(amounts), tokens=sum(amounts))

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
