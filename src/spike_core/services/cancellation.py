"""Cancellation: an owner stops a job and gets its price back."""

from attrs import frozen

from spike_core.domain.errors import JobNotFound
from spike_core.domain.identifiers import JobId, OwnerId
from spike_core.domain.jobs import CancelledJob, JobStatus
from spike_core.domain.tokens import Tokens
from spike_core.domain.transitions import unsettled
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transactions
from spike_core.services.billing import Billing
from spike_core.services.fair_scheduling import announce_held_back
from spike_core.services.transaction_retries import retry_on_conflict


@frozen(kw_only=True)
class Cancelled:
    """A cancelled job, the tokens refunded, and the balance after the refund."""

    job: CancelledJob
    refunded: Tokens
    balance: Tokens


@frozen(kw_only=True)
class Cancellation:
    """Cancels jobs with a full refund. A worker that holds the job's lease gets `JobChanged` with its next write."""

    transactions: Transactions
    clock: Clock
    billing: Billing

    @retry_on_conflict
    def cancel(self, owner_id: OwnerId, job_id: JobId) -> Cancelled:
        """Cancel the owner's job and refund it, in one transaction.

        Raises:
            JobNotFound: no job has this id, or it belongs to another owner.
            IllegalTransition: the job has ended.
            JobChanged: a worker changed the job at the same time.
        """
        with self.transactions.begin() as tx:
            now = self.clock.now()
            posting = self.billing.lock(
                tx, owner_id, now=now
            )  # locks are taken in one order, wallets before jobs, so that no deadlock arises
            stored = tx.jobs.get(job_id)
            if stored.spec.owner_id != owner_id:
                raise JobNotFound
            job = unsettled(stored, target=JobStatus.CANCELLED)
            cancelled = job.cancel(now=now)
            wallet = self.billing.settle(tx, posting, job, cancelled, reason="Refund: cancelled", now=now)
            tx.jobs.replace(job, by=cancelled)
            tx.outbox.remove([job_id])
            announce_held_back(tx, wallet, limits=self.billing.limits, now=now)
        return Cancelled(job=cancelled, refunded=job.spec.charged, balance=wallet.balance)
