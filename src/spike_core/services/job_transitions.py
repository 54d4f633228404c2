"""Job transitions: a worker's state changes of a job, each fenced and in one transaction.

The loser of a race gets `JobChanged` and has changed nothing.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from attrs import evolve, frozen

from spike_core.domain.errors import JobChanged, JobNotFound, NothingToClaim
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import (
    ClaimedJob,
    CompletedJob,
    Job,
    PendingJob,
    Result,
    SettledJob,
    StartedJob,
    UnsettledJob,
)
from spike_core.domain.limits import JobLimits
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.wallet import Posting
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.billing import Billing
from spike_core.services.fair_scheduling import announce_held_back
from spike_core.services.transaction_retries import retry_on_conflict

WORKER_DIED: Final = "The picture stopped the worker each time it was tried"


@frozen(kw_only=True)
class Delivered:
    """A completed job, and the owner's held-back jobs that its end has made room for; they may be sent now."""

    job: CompletedJob
    due: Sequence[PendingJob]


@frozen(kw_only=True)
class JobTransitions:
    """Claims jobs and moves them on: delivered, retried, or failed and refunded.

    Whatever ends a job announces the owner's next one in the same transaction, under the lock of the owner's wallet. So
    no crash leaves an owner with held-back jobs and room for them.
    """

    transactions: Transactions
    clock: Clock
    billing: Billing
    limits: JobLimits

    @retry_on_conflict
    def claim(self, job_id: JobId) -> ClaimedJob:
        """Begin the job's next attempt under a lease.

        Raises:
            NothingToClaim: the job is leased, settled or deleted; the message was a duplicate.
        """
        with self.transactions.begin() as tx:
            try:
                job = tx.jobs.get(job_id)
            except JobNotFound as error:
                raise NothingToClaim from error
            if not isinstance(job, PendingJob | StartedJob):
                raise NothingToClaim
            claimed = job.claim(now=self.clock.now(), lease=self.limits.lease)
            try:
                tx.jobs.replace(job, by=claimed)
            except JobChanged as error:
                raise NothingToClaim from error
            tx.outbox.remove([job_id])
        return claimed

    @retry_on_conflict
    def renew(self, job: ClaimedJob, *, progress: int) -> ClaimedJob:
        """Renew the lease and record the progress, in percent below 100.

        A lease never extends beyond `work_time_max` after the claim, so work that never ends loses its job.

        Raises:
            JobChanged: the lease was lost; the work can stop.
        """
        now = self.clock.now()
        left = max(timedelta(0), job.claimed_at + self.limits.work_time_max - now)
        renewed = job.renew(now=now, lease=min(self.limits.lease, left), progress=progress)
        with self.transactions.begin() as tx:
            tx.jobs.replace(job, by=renewed)
        return renewed

    @retry_on_conflict
    def complete(self, job: ClaimedJob, result: Result) -> Delivered:
        """Deliver a result whose object is stored.

        Raises:
            JobChanged: the lease was lost; no row names the object.
        """
        with self.transactions.begin() as tx:
            now = self.clock.now()
            posting = self.billing.lock(tx, job.spec.owner_id, now=now)  # lock order: wallets before jobs
            completed = job.complete(result, now=now)
            tx.jobs.replace(job, by=completed)
            wallet = self.billing.settle(tx, posting, job, completed, reason="", now=now)
            due = announce_held_back(tx, wallet, limits=self.limits, now=now)
        return Delivered(job=completed, due=due)

    @retry_on_conflict
    def retry(self, job: ClaimedJob, reason: str) -> Job:
        """Return the job for another attempt after a transient error, or fail it if no attempts are left.

        Raises:
            JobChanged: the lease was lost.
        """
        if job.attempt - job.crashes >= self.limits.attempts_max:
            return self.fail(job, reason)
        released = job.release()
        with self.transactions.begin() as tx:
            posting = self.billing.lock(tx, job.spec.owner_id, now=self.clock.now())
            self._return(tx, posting, job, released, delay=self.limits.delay_before(job.attempt + 1))
        return released

    @retry_on_conflict
    def hand_back(self, job: ClaimedJob) -> PendingJob:
        """Return the job for an immediate further attempt, at a worker's graceful shutdown.

        The attempt counts toward `attempts_max`, but this call never fails the job.

        Raises:
            JobChanged: the job was settled, or the lease was lost.
        """
        released = job.release()
        with self.transactions.begin() as tx:
            posting = self.billing.lock(tx, job.spec.owner_id, now=self.clock.now())
            self._return(tx, posting, job, released, delay=timedelta(0))
        return released

    @retry_on_conflict
    def expire_lease(self, job: ClaimedJob) -> Job:
        """Return a job whose lease has expired, or fail it after `crashes_max` crashes.

        Raises:
            JobChanged: the job was changed meanwhile.
        """
        expired = job.expire_lease()
        is_the_last = expired.crashes >= self.limits.crashes_max
        with self.transactions.begin() as tx:
            posting = self.billing.lock(tx, job.spec.owner_id, now=self.clock.now())  # wallets before jobs
            if tx.jobs.find([job.id]).get(job.id) != job:  # a renewal doesn't change the fence
                raise JobChanged
            if is_the_last:
                return self._fail(tx, posting, job, evolve(job, crashes=expired.crashes), WORKER_DIED)
            self._return(tx, posting, job, expired, delay=self.limits.delay_before(job.attempt + 1))
        return expired

    @retry_on_conflict
    def requeue(self, job: StartedJob) -> PendingJob:
        """Return a started job whose message was lost to PENDING, with a new outbox message.

        Raises:
            JobChanged: a worker has claimed it meanwhile.
        """
        requeued = job.requeue()
        with self.transactions.begin() as tx:
            tx.jobs.replace(job, by=requeued)
            tx.outbox.put([OutboxMessage(job_id=job.id, due_at=self.clock.now())])
        return requeued

    @retry_on_conflict
    def requeue_all(self, jobs: Sequence[StartedJob]) -> int:
        """Do what `requeue` does for many jobs, in one transaction; return how many were still started.

        So that a queue that lost thousands of messages is filled again within seconds.
        """
        with self.transactions.begin() as tx:
            stored = tx.jobs.find([job.id for job in jobs])  # locked
            lost = [job for job in jobs if stored.get(job.id) == job]
            for job in lost:
                tx.jobs.replace(job, by=job.requeue())
            now = self.clock.now()
            tx.outbox.put([OutboxMessage(job_id=job.id, due_at=now) for job in lost])
        return len(lost)

    @retry_on_conflict
    def fail(self, job: UnsettledJob, reason: str) -> SettledJob:
        """End the job without a result and refund its charge in the same transaction.

        Raises:
            JobChanged: the job was changed meanwhile.
        """
        with self.transactions.begin() as tx:
            posting = self.billing.lock(tx, job.spec.owner_id, now=self.clock.now())
            return self._fail(tx, posting, job, job, reason)

    def _fail(
        self, tx: Transaction, posting: Posting, stored: UnsettledJob, job: UnsettledJob, reason: str
    ) -> SettledJob:
        now = self.clock.now()
        failed = job.fail(reason, now=now)
        tx.jobs.replace(stored, by=failed)  # first, so that the loser of a race gets JobChanged, not DuplicateEntry
        wallet = self.billing.settle(tx, posting, stored, failed, reason=f"Refund: {reason}", now=now)
        tx.outbox.remove([job.id])
        announce_held_back(tx, wallet, limits=self.limits, now=now)
        return failed

    def _return(
        self, tx: Transaction, posting: Posting, job: ClaimedJob, pending: PendingJob, *, delay: timedelta
    ) -> None:
        now = self.clock.now()
        tx.jobs.replace(job, by=pending)
        self.billing.interrupt(tx, posting, job, now=now)
        tx.outbox.put([OutboxMessage(job_id=job.id, due_at=now + delay)])
