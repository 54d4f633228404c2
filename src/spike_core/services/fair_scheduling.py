"""Fair turns: one owner's many jobs don't keep another's one waiting."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from spike_core.domain.identifiers import ANONYMOUS, OwnerId
from spike_core.domain.jobs import PendingJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.outbox import OutboxMessage
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transactions
from spike_core.services.retries import retry_on_conflict

OWNERS_BATCH: Final = 100


@frozen(kw_only=True)
class FairScheduling:
    """Sends jobs on their way that wait for their turn, as soon as their owner has room.

    An owner has at most `on_their_way_max` jobs in the outbox, in the worker queue and in work together. The others
    wait in the database, where they keep nobody from anything. Whoever counts holds the lock of the owner's wallet.
    """

    transactions: Transactions
    clock: Clock
    limits: JobLimits

    @retry_on_conflict
    def advance(self, owner_id: OwnerId) -> Sequence[PendingJob]:
        """Give the owner's oldest waiting jobs their outbox messages, and return those that there was room for.

        Raises:
            DatabaseUnavailable: nothing changed; `advance_all` will come.
        """
        with self.transactions.view() as tx:
            if not tx.turns.waiting(owner_id, limit=1):
                return ()
        with self.transactions.begin() as tx:
            if owner_id != ANONYMOUS:
                tx.wallets.lock(owner_id)
            limit = self.limits.on_their_way_max
            room = limit - tx.turns.on_their_way(owner_id, limit=limit)
            jobs = tx.turns.waiting(owner_id, limit=room) if room else ()
            now = self.clock.now()
            tx.outbox.put([OutboxMessage(job_id=job.id, due_at=now) for job in jobs])
        return jobs

    def advance_all(self) -> int:
        """Do so for all owners, a batch of them, and return how many jobs there was room for.

        Raises:
            DatabaseUnavailable: some are left to the next call.
        """
        with self.transactions.view() as tx:
            owners = tx.turns.owners(below=self.limits.on_their_way_max, limit=OWNERS_BATCH)
        return sum(len(self.advance(owner_id)) for owner_id in owners)
