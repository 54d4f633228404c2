"""Fair scheduling: one owner's many jobs don't delay the jobs of others."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from spike_core.domain.identifiers import ANONYMOUS, OwnerId
from spike_core.domain.jobs import PendingJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.wallet import Wallet
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.transaction_retries import retry_on_conflict

OWNERS_BATCH: Final = 100


@frozen(kw_only=True)
class FairScheduling:
    """Announces held-back jobs as soon as their owner has room.

    An owner's jobs in flight (announced, started or claimed) are bounded in number and in processor time; see
    `with_turns`. The others wait in the database. Counting happens under the lock of the owner's wallet.
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
        now = self.clock.now()
        with self.transactions.begin() as tx:
            if owner_id == ANONYMOUS:  # whose jobs aren't held back: the message was lost
                jobs = tx.jobs.held_back(owner_id, limit=self.limits.active_jobs_max)
                tx.outbox.put([OutboxMessage(job_id=job.id, due_at=now) for job in jobs])
                return jobs
            return announce_held_back(tx, tx.wallets.lock(owner_id), limits=self.limits, now=now)

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


def announce_held_back(tx: Transaction, wallet: Wallet, *, limits: JobLimits, now: datetime) -> Sequence[PendingJob]:
    """Write outbox messages for as many of an owner's oldest held-back jobs as there is room for; return those.

    The wallet is the owner's, and locked, which guards the count. Jobs of the anonymous owner are never held back.
    """
    if wallet.owner_id == ANONYMOUS:
        return ()
    waiting = tx.jobs.held_back(wallet.owner_id, limit=limits.active_jobs_max)
    if not waiting:
        return ()
    jobs = with_turns(tx, wallet, waiting, limits=limits, now=now)
    tx.outbox.put([OutboxMessage(job_id=job.id, due_at=now) for job in jobs])
    return jobs


def with_turns(
    tx: Transaction, wallet: Wallet, jobs: Sequence[PendingJob], *, limits: JobLimits, now: datetime
) -> Sequence[PendingJob]:
    """Return the first of an owner's jobs that may be in flight beside those that are; the wallet is locked.

    Together they are at most `active_jobs_max`, and take at most `active_time_max` of processor time by the limits of
    their tiers, but one is always allowed. While other owners' jobs wait, recent work takes turns away. The anonymous
    owner stands for many people and has no such bound.
    """
    if not jobs or wallet.owner_id == ANONYMOUS:
        return jobs
    turns = limits.active_jobs_max
    lost = wallet.work.at(now) // limits.work_per_turn
    if lost and tx.jobs.others_wait(wallet.owner_id):
        turns = max(1, turns - lost)
    open_jobs = wallet.usage.open_jobs  # including `jobs`
    if open_jobs <= turns and open_jobs * limits.processor_time_max <= limits.active_time_max:
        return jobs
    moving = tx.jobs.in_flight(wallet.owner_id, limit=turns)
    time_left = limits.active_time_max - sum(map(limits.processor_time_of, moving), timedelta(0))
    allowed = 0
    for job in jobs[: turns - len(moving)]:
        time_left -= limits.processor_time_of(job.spec.tier)
        if time_left < timedelta(0) and (moving or allowed):
            break
        allowed += 1
    return jobs[:allowed]
