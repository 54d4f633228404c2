"""The census port: everything there is, a page at a time, for the audit."""

from collections.abc import Collection, Sequence
from typing import Protocol

from spike_core.domain.identifiers import ImageId, JobId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import Job
from spike_core.domain.ledger import LedgerEntry
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.wallet import Wallet


class Census(Protocol):
    """All rows, ordered by their id; each page starts behind the id `after`, or at the beginning."""

    def wallets(self, *, after: OwnerId | None = None, limit: int) -> Sequence[Wallet]:
        """Return a page of all wallets."""

    def images(self, *, after: ImageId | None = None, limit: int) -> Sequence[Image]:
        """Return a page of all images."""

    def jobs(self, *, after: JobId | None = None, limit: int) -> Sequence[Job]:
        """Return a page of all jobs."""

    def entries_of(self, job_ids: Collection[JobId]) -> Sequence[LedgerEntry]:
        """Return the ledger entries, of all owners, that name one of these jobs."""

    def messages(self, *, after: JobId | None = None, limit: int) -> Sequence[OutboxMessage]:
        """Return a page of all messages in the outbox, ordered by their job, due or not."""
