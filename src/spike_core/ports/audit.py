"""The audit reader port: all rows, page by page."""

from collections.abc import Collection, Sequence
from typing import Protocol

from spike_core.domain.identifiers import ImageId, JobId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import Job
from spike_core.domain.ledger import LedgerEntry, LedgerPosition
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.statistics import RefundStatistics
from spike_core.domain.wallet import CountedUsage, Wallet


class AuditReader(Protocol):
    """All rows, ordered by id, for the audit; each page starts after the id `after`, or at the beginning."""

    def wallets(self, *, after: OwnerId | None = None, limit: int) -> Sequence[Wallet]:
        """Return a page of all wallets."""

    def ledger(self, *, after: LedgerPosition | None = None, until: OwnerId, limit: int) -> Sequence[LedgerEntry]:
        """Return a page of the ledger entries of all owners up to `until`, ordered by owner and sequence number."""

    def refunds(self) -> RefundStatistics:
        """Count and add up all refunds; `Statistics.refunds` returns the same without counting."""

    def usage(self, owner_id: OwnerId) -> CountedUsage:
        """Count what the owner's stored jobs and images add up to, hidden images included. Reads all jobs."""

    def miscounted(self, *, after: OwnerId | None = None, limit: int) -> Sequence[tuple[Wallet, CountedUsage]]:
        """Return a page of the wallets whose running sums aren't what `usage` counts, with that. Reads all jobs."""

    def images(self, *, after: ImageId | None = None, limit: int) -> Sequence[Image]:
        """Return a page of all images."""

    def jobs(self, *, after: JobId | None = None, limit: int) -> Sequence[Job]:
        """Return a page of all jobs."""

    def entries_of(self, job_ids: Collection[JobId]) -> Sequence[LedgerEntry]:
        """Return the ledger entries of all owners that name one of these jobs."""

    def messages(self, *, after: JobId | None = None, limit: int) -> Sequence[OutboxMessage]:
        """Return a page of all outbox messages, ordered by job, due or not."""
