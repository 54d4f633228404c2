"""Charging and refunding: the money half of every use case, inside the use case's own transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from attrs import frozen

from spike_core.domain.errors import NotEnoughTokens
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

    jobs: Sequence[PendingJob]  # in the order of the orders
    due: Sequence[PendingJob]  # those of them that may be handed to the workers now; the others wait for their turn
    balance: Tokens

    def about(self, image_id: ImageId) -> PendingJob | None:
        """Return the job about this image, `None` where there is none."""
        return next((job for job in self.jobs if job.spec.image_id == image_id), None)


@frozen(kw_only=True)
class Billing:
    """Moves tokens. Regeneration is folded in before every move."""

    policy: RegenerationPolicy
    limits: JobLimits

    def balance(self, tx: Transaction, owner_id: OwnerId, *, now: datetime) -> Wallet:
        """Return the owner's wallet as it would stand after regeneration, storing nothing; the anonymous one is empty.

        Raises:
            WalletNotFound: the owner has never been granted a token.
        """
        if owner_id == ANONYMOUS:
            return Wallet.empty(owner_id, now=now)
        return regenerate(tx.wallets.get(owner_id), self.policy, now=now).wallet

    def check(self, tx: Transaction, price: Tokens, *, owner_id: OwnerId, now: datetime) -> Tokens:
        """Return the owner's balance if it covers the price now; nothing is held back.

        Raises:
            NotEnoughTokens: it doesn't.
            WalletNotFound: the owner has never been granted a token.
        """
        balance = self.balance(tx, owner_id, now=now).balance
        if price > balance:
            raise NotEnoughTokens(required=price.amount, balance=balance.amount)
        return balance

    def lock(self, tx: Transaction, owner_id: OwnerId, *, now: datetime) -> Posting:
        """Lock the owner's wallet and fold in regeneration; the posting isn't stored yet.

        Raises:
            WalletNotFound: the owner has never been granted a token.
        """
        return regenerate(tx.wallets.lock(owner_id), self.policy, now=now)

    def accept(self, tx: Transaction, orders: Sequence[JobSpec], *, owner_id: OwnerId, now: datetime) -> AcceptedJobs:
        """Charge one owner for jobs and store the jobs with their outbox messages: all or nothing.

        Of one owner's jobs no more than `on_their_way_max` get their messages; the lock of the wallet keeps the count.
        The anonymous owner is everybody: it has no wallet, nothing but what is free, and no such bound.

        Raises:
            NotEnoughTokens: the wallet doesn't cover the sum of the prices.
        """
        if owner_id == ANONYMOUS:
            assert not any(spec.charged for spec in orders), "nobody in particular can't pay"
            jobs = self._add(tx, orders, room=len(orders), now=now)
            return AcceptedJobs(jobs=jobs, due=jobs, balance=NO_TOKENS)
        posting = self.lock(tx, owner_id, now=now)
        total = sum((spec.charged for spec in orders), NO_TOKENS)
        if total > posting.wallet.balance:
            raise NotEnoughTokens(required=total.amount, balance=posting.wallet.balance.amount)
        for spec in orders:
            kind, reason = _explained(spec)
            spent = posting.wallet.spend(spec.charged, job_id=spec.id, now=now, reason=reason, kind=kind)
            posting = spent.after(posting)
        limit = self.limits.on_their_way_max
        room = limit - tx.turns.on_their_way(owner_id, limit=limit)
        jobs = self._add(tx, orders, room=room, now=now)
        tx.wallets.post(posting)
        return AcceptedJobs(jobs=jobs, due=jobs[:room], balance=posting.wallet.balance)

    def _add(self, tx: Transaction, orders: Sequence[JobSpec], *, room: int, now: datetime) -> Sequence[PendingJob]:
        jobs = [PendingJob(spec=spec) for spec in orders]
        tx.jobs.add(jobs)
        tx.outbox.put([OutboxMessage(job_id=job.id, due_at=now) for job in jobs[:room]])
        return jobs

    def refund(self, tx: Transaction, spec: JobSpec, *, reason: str, now: datetime) -> Tokens:
        """Give back what the job was charged and return the new balance. A free job moves nothing.

        Raises:
            DuplicateEntry: it has been given back before.
        """
        posting = self.lock(tx, spec.owner_id, now=now)
        refunded = posting.wallet.refund(spec.charged, job_id=spec.id, now=now, reason=reason)
        if refunded.entries:
            tx.wallets.post(refunded.after(posting))
        return refunded.wallet.balance


def _explained(spec: JobSpec) -> tuple[EntryKind, str]:
    """Return what the ledger says of an order's price."""
    match spec.task:
        case Enhancement() | Blend():
            return EntryKind.SPEND_ENHANCEMENT, f"Enhancement at {spec.tier.value}"
        case Generation():
            return EntryKind.SPEND_GENERATION, f"Generation at {spec.tier.value}"
        case Modification():
            return EntryKind.SPEND_GENERATION, f"Modification at {spec.tier.value}"
        case unreachable:
            assert_never(unreachable)
