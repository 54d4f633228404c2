"""Fair scheduling: one owner's many jobs don't delay the jobs of others."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from spike_core.domain.identifiers import ANONYMOUS, OwnerId
from spike_core.domain.jobs import PendingJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.outbox import OutboxMessage
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transactions
from spike_core.services.transaction_retries import retry_on_conflict

OWNERS_BATCH: Final = 100


@frozen(kw_only=True)
class FairScheduling:
    """Announces held-back jobs as soon as their owner has room.

    An owner has at most `active_jobs_max` jobs announced, started or claimed at a time. The others wait in the
    database. Counting happens under the lock of the owner's wallet.
    """

    transactions: Transactions
    clock: Clock
    limits: JobLimits

    @retry_on_conflict
    def advance(self, owner_id: OwnerId) -> Sequence[PendingJob]:
        """Write outbox messages for as many of the owner's oldest waiting jobs as there is room for; return those.

        Raises:
            DatabaseUnavailable: nothing changed; `advance_all` will do it.
        """
        with self.transactions.view() as tx:
            if not tx.jobs.held_back(owner_id, limit=1):
                return ()
        with self.transactions.begin() as tx:
            if owner_id != ANONYMOUS:
                tx.wallets.lock(owner_id)
            limit = self.limits.active_jobs_max
            room = limit - tx.jobs.in_flight(owner_id, limit=limit)
            jobs = tx.jobs.held_back(owner_id, limit=room) if room else ()
            now = self.clock.now()
            tx.outbox.put([OutboxMessage(job_id=job.id, due_at=now) for job in jobs])
        return jobs

    def advance_all(self) -> int:
        """Do so for a batch of owners and return the number of jobs announced.

        Raises:
            DatabaseUnavailable: the next call does the rest.
        """
        with self.transactions.view() as tx:
            owners = tx.jobs.owners_with_room(below=self.limits.active_jobs_max, limit=OWNERS_BATCH)
        return sum(len(self.advance(owner_id)) for owner_id in owners)
