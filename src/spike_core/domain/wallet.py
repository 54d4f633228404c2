"""The wallet: a balance, its regeneration clock, and the operations that change it.

Every operation returns a `Posting`: the new wallet and the ledger entries that account for the change. The two are
always stored together, so every balance has its ledger.
"""

from datetime import datetime
from typing import Self

from attrs import evolve, field, frozen

from spike_core.domain.errors import NotEnoughTokens
from spike_core.domain.hash_chain import NO_HASH
from spike_core.domain.identifiers import JobId, OwnerId
from spike_core.domain.ledger import CHARGE_KINDS, SPEND_KINDS, EntryKind, LedgerEntry, LedgerTotals, Reference
from spike_core.domain.regeneration_policy import RegenerationPolicy
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.domain.usage import NO_OVERRIDES, BudgetOverrides, RecentWork, Usage


@frozen(kw_only=True)
class Wallet:
    """One owner's balance."""

    owner_id: OwnerId
    balance: Tokens
    regenerated_at: datetime  # regeneration is included up to this time, UTC
    entries: int  # the number of ledger entries
    spent: Tokens  # the sum of all charges and debits
    refunded: Tokens  # the sum of all refunds
    head: bytes = field(default=NO_HASH, repr=False)  # the hash of the newest ledger entry
    parked: Tokens = NO_TOKENS  # the charges of jobs that haven't ended: they may come back, so they count for the cap
    usage: Usage = field(factory=Usage)
    overrides: BudgetOverrides = NO_OVERRIDES
    work: RecentWork = field(factory=RecentWork)
    policy: RegenerationPolicy | None = None  # that it has followed until `regenerated_at`; `None` before the first

    @classmethod
    def empty(cls, owner_id: OwnerId, *, now: datetime, policy: RegenerationPolicy | None = None) -> Self:
        """Return an empty wallet that starts regenerating now."""
        return cls(
            owner_id=owner_id,
            balance=NO_TOKENS,
            regenerated_at=now,
            entries=0,
            spent=NO_TOKENS,
            refunded=NO_TOKENS,
            policy=policy,
        )

    @property
    def totals(self) -> LedgerTotals:
        """The sums of the wallet's ledger, which are kept with each entry."""
        return LedgerTotals(
            earned=Tokens(self.balance.amount + self.spent.amount - self.refunded.amount),
            spent=self.spent,
            refunded=self.refunded,
            entries=self.entries,
        )

    def spend(
        self,
        price: Tokens,
        *,
        job_id: JobId,
        now: datetime,
        reason: str,
        kind: EntryKind = EntryKind.SPEND_ENHANCEMENT,
    ) -> "Posting":
        """Pay `price` for a job. A price of zero is valid and makes no entry.

        Raises:
            NotEnoughTokens: the balance is below the price; nothing changed.
        """
        if price > self.balance:
            raise NotEnoughTokens(required=price.amount, balance=self.balance.amount)
        return self._move(-price.amount, kind=kind, job_id=job_id, reason=reason, now=now)

    def debit(self, tokens: Tokens, *, now: datetime, reason: str, reference: Reference | None = None) -> "Posting":
        """Take tokens for something other than a job. Zero makes no entry.

        Raises:
            NotEnoughTokens: the balance is below that; nothing changed.
        """
        if tokens > self.balance:
            raise NotEnoughTokens(required=tokens.amount, balance=self.balance.amount)
        kind = EntryKind.SPEND_ADJUSTMENT
        return self._move(-tokens.amount, kind=kind, job_id=None, reason=reason, now=now, reference=reference)

    def refund(self, price: Tokens, *, job_id: JobId, now: datetime, reason: str) -> "Posting":
        """Refund a job's charge in full, above the cap if need be. Zero makes no entry."""
        return self._move(price.amount, kind=EntryKind.REFUND, job_id=job_id, reason=reason, now=now)

    def deliver(self, price: Tokens) -> Self:
        """Return the wallet after a job that was charged this much has been delivered, and can't be refunded."""
        return evolve(self, parked=_less(self.parked, price))

    def credit(
        self, tokens: Tokens, *, kind: EntryKind, now: datetime, reason: str, reference: Reference | None = None
    ) -> "Posting":
        """Add granted, bought or regenerated tokens, above the cap if need be. Zero makes no entry."""
        return self._move(tokens.amount, kind=kind, job_id=None, reason=reason, now=now, reference=reference)

    def _move(
        self,
        amount: int,
        *,
        kind: EntryKind,
        job_id: JobId | None,
        reason: str,
        now: datetime,
        reference: Reference | None = None,
    ) -> "Posting":
        if amount == 0:
            return Posting(wallet=self)
        balance = Tokens(self.balance.amount + amount)
        entry = LedgerEntry(
            owner_id=self.owner_id,
            sequence=self.entries + 1,
            kind=kind,
            amount=amount,
            balance_after=balance,
            job_id=job_id,
            reason=reason,
            created_at=now,
            reference=reference,
        ).chained(self.head)
        wallet = evolve(
            self,
            balance=balance,
            entries=entry.sequence,
            head=entry.hash,
            spent=Tokens(self.spent.amount - amount) if kind in SPEND_KINDS else self.spent,
            refunded=Tokens(self.refunded.amount + amount) if kind is EntryKind.REFUND else self.refunded,
            parked=self._parked_after(amount, kind),
        )
        return Posting(wallet=wallet, entries=(entry,))

    def _parked_after(self, amount: int, kind: EntryKind) -> Tokens:
        if kind in CHARGE_KINDS:
            return self.parked + Tokens(-amount)
        return _less(self.parked, Tokens(amount)) if kind is EntryKind.REFUND else self.parked


def _less(parked: Tokens, price: Tokens) -> Tokens:
    """Return what stays parked; a lost count never makes a refund or a delivery fail."""
    return Tokens(max(0, parked.amount - price.amount))


@frozen(kw_only=True)
class Posting:
    """A wallet after a change, with the ledger entries that account for the change."""

    wallet: Wallet
    entries: tuple[LedgerEntry, ...] = ()

    def after(self, earlier: Self) -> Self:
        """Return this posting with the entries of an `earlier` one prepended."""
        return evolve(self, entries=earlier.entries + self.entries)


@frozen(kw_only=True)
class CountedUsage:
    """What an owner's stored jobs and images add up to, from which the wallet's running sums follow."""

    usage: Usage = field(factory=Usage)
    parked: Tokens = NO_TOKENS

    def explains(self, wallet: Wallet) -> bool:
        """Return whether the wallet's running sums are these."""
        return wallet.usage == self.usage and wallet.parked == self.parked
