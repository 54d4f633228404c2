"""Billing: charges and refunds, within the transaction of the use case."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from attrs import evolve, frozen

from spike_core.domain.errors import InvariantViolated, NotEnoughTokens
from spike_core.domain.identifiers import ANONYMOUS, ImageId, OwnerId
from spike_core.domain.jobs import JobSpec, PendingJob
from spike_core.domain.ledger import EntryKind
from spike_core.domain.limits import JobLimits
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.regeneration import RegenerationPolicy, regenerate
from spike_core.domain.tasks import Blend, Enhancement, Generation, Modification
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.domain.wallet import Posting, Wallet
from spike_core.ports.transactions import Transaction


@frozen(kw_only=True)
class AcceptedJobs:
    """Jobs that were charged and stored."""

    jobs: Sequence[PendingJob]  # in the order of their specifications
    due: Sequence[PendingJob]  # those that may be sent to the workers now; the others are held back
    balance: Tokens

    def about(self, image_id: ImageId) -> PendingJob | None:
        """Return the job on this image, or `None`."""
        return next((job for job in self.jobs if job.spec.image_id == image_id), None)


@frozen(kw_only=True)
class Billing:
    """Charges and refunds wallets. Regeneration is applied before every change."""

    policy: RegenerationPolicy
    limits: JobLimits

    def balance(self, tx: Transaction, owner_id: OwnerId, *, now: datetime) -> Wallet:
        """Return the owner's wallet after regeneration, without storing it; the anonymous wallet is empty.

        Raises:
            WalletNotFound: the owner has never been granted a token.
        """
        if owner_id == ANONYMOUS:
            return Wallet.empty(owner_id, now=now)
        return regenerate(tx.wallets.get(owner_id), self.policy, now=now).wallet

    def check(self, tx: Transaction, price: Tokens, *, owner_id: OwnerId, now: datetime) -> Tokens:
        """Return the owner's balance if it covers the price now; nothing is reserved.

        Raises:
            NotEnoughTokens: the balance is below the price.
            WalletNotFound: the owner has never been granted a token.
        """
        balance = self.balance(tx, owner_id, now=now).balance
        if price > balance:
            raise NotEnoughTokens(required=price.amount, balance=balance.amount)
        return balance

    def lock(self, tx: Transaction, owner_id: OwnerId, *, now: datetime) -> Posting:
        """Lock the owner's wallet and apply regeneration; the posting isn't stored yet.

        Raises:
            WalletNotFound: the owner has never been granted a token.
        """
        return regenerate(tx.wallets.lock(owner_id), self.policy, now=now)

    def accept(self, tx: Transaction, specs: Sequence[JobSpec], *, owner_id: OwnerId, now: datetime) -> AcceptedJobs:
        """Charge one owner for jobs and store the jobs with their outbox messages, all or none.

        At most `active_jobs_max` of an owner's jobs are announced; the wallet's lock guards the count. The anonymous
        owner has no wallet and no such bound, and may only order free jobs.

        Raises:
            NotEnoughTokens: the wallet doesn't cover the sum of the prices.
        """
        if owner_id == ANONYMOUS:
            if any(spec.charged for spec in specs):
                raise InvariantViolated("anonymous jobs are free")
            jobs = self._add(tx, specs, room=len(specs), now=now)
            return AcceptedJobs(jobs=jobs, due=jobs, balance=NO_TOKENS)
        posting = self.lock(tx, owner_id, now=now)
        total = sum((spec.charged for spec in specs), NO_TOKENS)
        if total > posting.wallet.balance:
            raise NotEnoughTokens(required=total.amount, balance=posting.wallet.balance.amount)
        for spec in specs:
            kind, reason = _explained(spec)
            spent = posting.wallet.spend(spec.charged, job_id=spec.id, now=now, reason=reason, kind=kind)
            posting = spent.after(posting)
        limit = self.limits.active_jobs_max
        room = limit - tx.jobs.in_flight(owner_id, limit=limit)
        jobs = self._add(tx, specs, room=room, now=now)
        tx.wallets.post(posting)
        return AcceptedJobs(jobs=jobs, due=jobs[:room], balance=posting.wallet.balance)

    def _add(self, tx: Transaction, specs: Sequence[JobSpec], *, room: int, now: datetime) -> Sequence[PendingJob]:
        # a microsecond apart, so that lists by age have them in the order asked
        jobs = [
            PendingJob(spec=evolve(spec, created_at=spec.created_at + timedelta(microseconds=number)))
            for number, spec in enumerate(specs)
        ]
        tx.jobs.add(jobs)
        tx.outbox.put([OutboxMessage(job_id=job.id, due_at=now) for job in jobs[:room]])
        return jobs

    def refund(self, tx: Transaction, spec: JobSpec, *, reason: str, now: datetime) -> Tokens:
        """Refund the job's charge and return the new balance. For a free job, nothing changes.

        The charge no longer counts for the monthly limit of the API key that ordered the job.

        Raises:
            DuplicateEntry: the charge has been refunded before.
        """
        posting = self.lock(tx, spec.owner_id, now=now)
        refunded = posting.wallet.refund(spec.charged, job_id=spec.id, now=now, reason=reason)
        if refunded.entries:
            tx.wallets.post(refunded.after(posting))
            tx.api_key_charges.take_back(spec.id)
        return refunded.wallet.balance


def _explained(spec: JobSpec) -> tuple[EntryKind, str]:
    """Return the kind and the reason of a charge's ledger entry."""
    match spec.task:
        case Enhancement() | Blend():
            return EntryKind.SPEND_ENHANCEMENT, f"Enhancement at {spec.tier.value}"
        case Generation():
            return EntryKind.SPEND_GENERATION, f"Generation at {spec.tier.value}"
        case Modification():
            return EntryKind.SPEND_GENERATION, f"Modification at {spec.tier.value}"
        case unreachable:
            assert_never(unreachable)
