"""The invariants that stored rows must satisfy, as pure functions.

I1: balances equal the sums of their ledgers. I2: each charge and refund happens once. I3: a job is delivered or
refunded. I8, that rows and objects match, needs the blob store and is in `spike_core.services.audit`.
"""

from collections.abc import Iterator, Sequence
from typing import Self

from attrs import evolve, frozen

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.jobs import CancelledJob, FailedJob, Job, RefundedJob
from spike_core.domain.ledger import SPEND_KINDS, EntryKind, LedgerEntry, LedgerTotals
from spike_core.domain.wallet import Wallet


@frozen(kw_only=True)
class Finding:
    """A violated invariant and the row that violates it."""

    invariant: str  # I1 to I8, or `outbox` for a stale message
    subject: str  # the row's id
    message: str


def check_wallet(wallet: Wallet, totals: LedgerTotals) -> Iterator[Finding]:
    """Yield the mismatches between a wallet and its ledger (I1)."""
    subject = str(wallet.owner_id)
    explained = totals.earned.amount + totals.refunded.amount - totals.spent.amount
    if explained != wallet.balance.amount:
        message = f"the balance is {wallet.balance}, the ledger explains {explained}"
        yield Finding(invariant="I1", subject=subject, message=message)
    if totals.entries != wallet.entries:
        message = f"the wallet counts {wallet.entries} entries, the ledger has {totals.entries}"
        yield Finding(invariant="I1", subject=subject, message=message)


@frozen(kw_only=True)
class LedgerChain:
    """The sequence number and balance expected of the next older entry, as a ledger is read from its end."""

    owner_id: OwnerId
    sequence: int
    balance_after: int

    @classmethod
    def of(cls, wallet: Wallet) -> Self:
        """Return the expectation for a wallet's newest entry."""
        return cls(owner_id=wallet.owner_id, sequence=wallet.entries, balance_after=wallet.balance.amount)

    def fits(self, entry: LedgerEntry) -> bool:
        """Return whether the entry is as expected."""
        return (entry.sequence, entry.balance_after.amount) == (self.sequence, self.balance_after)

    def behind(self, entry: LedgerEntry) -> Self:
        """Return the expectation for the entry before this one."""
        return evolve(self, sequence=entry.sequence - 1, balance_after=entry.balance_after.amount - entry.amount)

    def finding(self, entry: LedgerEntry) -> Finding:
        """Return the finding for an entry that isn't as expected."""
        found = f"entry {entry.sequence} leaves {entry.balance_after}"
        message = f"{found}, where entry {self.sequence} leaving {self.balance_after} belongs"
        return Finding(invariant="I1", subject=str(self.owner_id), message=message)


def check_job(job: Job, entries: Sequence[LedgerEntry]) -> Iterator[Finding]:
    """Yield the mismatches between a job and the ledger entries that name it (I2, I3)."""
    subject, charged = str(job.id), job.spec.charged.amount
    spends = [entry.amount for entry in entries if entry.kind in SPEND_KINDS]
    refunds = [entry.amount for entry in entries if entry.kind is EntryKind.REFUND]
    if spends != ([-charged] if charged else []):
        yield Finding(invariant="I2", subject=subject, message=f"charged {charged}, the ledger says {spends}")
    if refunds not in ([], [charged]):
        yield Finding(invariant="I2", subject=subject, message=f"charged {charged}, refunded {refunds}")
    if any(entry.owner_id != job.spec.owner_id for entry in entries):
        yield Finding(invariant="I2", subject=subject, message="another owner's wallet was charged or refunded")
    owes_refund = isinstance(job, RefundedJob | CancelledJob | FailedJob) and charged > 0
    if owes_refund and not refunds:
        message = f"{job.status.value}, neither delivered nor refunded"
        yield Finding(invariant="I3", subject=subject, message=message)
    if refunds and not owes_refund:
        message = f"{job.status.value}, but refunded"
        yield Finding(invariant="I3", subject=subject, message=message)
