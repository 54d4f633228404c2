"""Settlement: a worker's moves on a job, each fenced, each in one transaction.

Whoever loses a race gets `JobChanged` and has changed nothing.
"""

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
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.billing import Billing
from spike_core.services.retries import retry_on_conflict

WORKER_DIED: Final = "The picture stopped the worker each time it was tried"


@frozen(kw_only=True)
class JobTransitions:
    """Claims jobs and brings them to their end: delivered, tried again, or failed and refunded."""

    transactions: Transactions
    clock: Clock
    billing: Billing
    limits: JobLimits

    @retry_on_conflict
    def claim(self, job_id: JobId) -> ClaimedJob:
        """Begin the job's next attempt under a lease.

        Raises:
            NothingToClaim: the job is held, at rest or gone: the message was a duplicate.
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
        """Prolong the lease and note how far the work is, in percent below 100.

        No lease is prolonged beyond `work_time_max` after the claim: work that never ends loses its job.

        Raises:
            JobChanged: the lease was lost; the work is in vain.
        """
        now = self.clock.now()
        left = max(timedelta(0), job.claimed_at + self.limits.work_time_max - now)
        renewed = job.renew(now=now, lease=min(self.limits.lease, left), progress=progress)
        with self.transactions.begin() as tx:
            tx.jobs.replace(job, by=renewed)
        return renewed

    @retry_on_conflict
    def complete(self, job: ClaimedJob, result: Result) -> CompletedJob:
        """Deliver a result whose object is stored.

        Raises:
            JobChanged: the lease was lost; the object is nobody's.
        """
        completed = job.complete(result, now=self.clock.now())
        with self.transactions.begin() as tx:
            tx.jobs.replace(job, by=completed)
        return completed

    @retry_on_conflict
    def retry(self, job: ClaimedJob, reason: str) -> Job:
        """Give the job back after transient trouble, or fail it when its attempts are used up.

        Raises:
            JobChanged: the lease was lost.
        """
        if job.attempt - job.crashes >= self.limits.attempts_max:
            return self.fail(job, reason)
        released = job.release()
        with self.transactions.begin() as tx:
            self._return(tx, job, released, delay=self.limits.delay_before(job.attempt + 1))
        return released

    @retry_on_conflict
    def hand_back(self, job: ClaimedJob) -> PendingJob:
        """Give the job back at once, at a worker's orderly end; it never fails of that.

        It has used up an attempt all the same, should a later one meet trouble.

        Raises:
            JobChanged: it has ended meanwhile, or the lease was lost.
        """
        released = job.release()
        with self.transactions.begin() as tx:
            self._return(tx, job, released, delay=timedelta(0))
        return released

    @retry_on_conflict
    def expire_lease(self, job: ClaimedJob) -> Job:
        """Give back the job of a worker that fell silent, or fail it when it has taken too many along.

        Raises:
            JobChanged: the worker, or somebody else, moved it meanwhile.
        """
        buried = job.expire_lease()
        is_the_last = buried.crashes >= self.limits.deaths_max
        with self.transactions.begin() as tx:
            if is_the_last and job.spec.charged:
                tx.wallets.lock(job.spec.owner_id)  # wallets before jobs, everywhere
            if tx.jobs.find([job.id]).get(job.id) != job:  # a renewal keeps the fence, yet shows that the worker lives
                raise JobChanged
            if is_the_last:
                return self._fail(tx, job, evolve(job, crashes=buried.crashes), WORKER_DIED)
            self._return(tx, job, buried, delay=self.limits.delay_before(job.attempt + 1))
        return buried

    @retry_on_conflict
    def requeue(self, job: StartedJob) -> PendingJob:
        """Take back a job whose message was lost, to be handed over again.

        Raises:
            JobChanged: a worker has claimed it after all.
        """
        recalled = job.requeue()
        with self.transactions.begin() as tx:
            tx.jobs.replace(job, by=recalled)
            tx.outbox.put([OutboxMessage(job_id=job.id, due_at=self.clock.now())])
        return recalled

    @retry_on_conflict
    def fail(self, job: UnsettledJob, reason: str) -> SettledJob:
        """End the job without a result and, in the same transaction, give back what it was charged.

        Raises:
            JobChanged: somebody moved it meanwhile.
        """
        with self.transactions.begin() as tx:
            return self._fail(tx, job, job, reason)

    def _fail(self, tx: Transaction, stored: UnsettledJob, job: UnsettledJob, reason: str) -> SettledJob:
        now = self.clock.now()
        failed = job.fail(reason, now=now)
        if not job.spec.charged:  # whoever asked for a free job needn't have a wallet
            tx.jobs.replace(stored, by=failed)
        else:
            tx.wallets.lock(job.spec.owner_id)  # wallets before jobs, everywhere
            tx.jobs.replace(stored, by=failed)  # first: whoever lost the race hears so, and not of a double refund
            self.billing.refund(tx, job.spec, reason=f"Refund: {reason}", now=now)
        tx.outbox.remove([job.id])
        return failed

    def _return(self, tx: Transaction, job: ClaimedJob, pending: PendingJob, *, delay: timedelta) -> None:
        tx.jobs.replace(job, by=pending)
        tx.outbox.put([OutboxMessage(job_id=job.id, due_at=self.clock.now() + delay)])
