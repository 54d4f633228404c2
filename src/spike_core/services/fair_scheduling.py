"""Fair scheduling: one owner's many jobs don't delay the jobs of others."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import frozen

from spike_core.domain.identifiers import ANONYMOUS, OwnerId
from spike_core.domain.jobs import PendingJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.outbox import OutboxMessage
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
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
            lock_owner(tx, owner_id)
            return announce_held_back(tx, owner_id, limits=self.limits, now=self.clock.now())

    def advance_all(self) -> int:
        """Do so for all owners who have room, and return the number of jobs announced.

        Usually there is none, since whatever ends a job announces the owner's next one in the same transaction. Earlier
        releases did so after it, and a crash between the two left the next one held back.

        Raises:
            DatabaseUnavailable: the next call does the rest.
        """
        announced = 0
        after: OwnerId | None = None
        limit = self.limits.active_jobs_max
        while True:
            with self.transactions.view() as tx:
                owners = tx.jobs.waiting_owners(after=after, count_max=limit, limit=OWNERS_BATCH)
            announced += sum(len(self.advance(owner.owner_id)) for owner in owners if owner.in_flight < limit)
            if len(owners) < OWNERS_BATCH:
                return announced
            after = owners[-1].owner_id


def lock_owner(tx: Transaction, owner_id: OwnerId) -> None:
    """Lock the owner's wallet, which guards the count of the owner's jobs in flight. The anonymous owner has none."""
    if owner_id != ANONYMOUS:
        tx.wallets.lock(owner_id)


def announce_held_back(tx: Transaction, owner_id: OwnerId, *, limits: JobLimits, now: datetime) -> Sequence[PendingJob]:
    """Write outbox messages for as many of the owner's oldest held-back jobs as there is room for; return those.

    `lock_owner` must have been called. Jobs of the anonymous owner are never held back.
    """
    if owner_id == ANONYMOUS:
        return ()
    limit = limits.active_jobs_max
    waiting = tx.jobs.held_back(owner_id, limit=limit)
    if not waiting:
        return ()
    jobs = waiting[: limit - tx.jobs.in_flight(owner_id, limit=limit)]
    tx.outbox.put([OutboxMessage(job_id=job.id, due_at=now) for job in jobs])
    return jobs
