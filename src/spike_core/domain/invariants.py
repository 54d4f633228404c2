"""The invariants that stored rows must satisfy, as pure functions.

I1: balances equal the sums of their ledgers. I2: each charge and refund happens once. I3: a job is delivered or
refunded. I8, that rows and objects match, needs the blob store; it and I9, that an album contains as many images as
are counted, are in `spike_core.services.audit`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from attrs import evolve, frozen

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.jobs import CancelledJob, FailedJob, Job, RefundedJob
from spike_core.domain.ledger import SPEND_KINDS, EntryKind, LedgerEntry
from spike_core.domain.wallet import Wallet


@frozen(kw_only=True)
class Finding:
    """A violated invariant and the row that violates it."""

    invariant: str  # I1 to I9, or `outbox` for a stale message
    subject: str  # the row's id
    message: str


@frozen(kw_only=True)
class LedgerChain:
    """A wallet's ledger as far as it has been read, oldest entry first: its sums, and where it first breaks."""

    owner_id: OwnerId
    entries: int = 0
    balance: int = 0
    spent: int = 0
    refunded: int = 0
    broken: str = ""  # what is wrong with the first entry that doesn't follow from those before

    def then(self, entry: LedgerEntry) -> Self:
        """Return the chain with its next entry."""
        amount = entry.amount
        return evolve(
            self,
            entries=self.entries + 1,
            balance=self.balance + amount,
            spent=self.spent - amount if entry.kind in SPEND_KINDS else self.spent,
            refunded=self.refunded + amount if entry.kind is EntryKind.REFUND else self.refunded,
            broken=self.broken or self._broken_by(entry),
        )

    def check(self, wallet: Wallet) -> Iterator[Finding]:
        """Yield the mismatches between a wallet and its whole ledger, or the first broken link (I1)."""
        sums = (
            ("the balance is", wallet.balance, self.balance),
            ("spent are", wallet.spent, self.spent),
            ("refunded are", wallet.refunded, self.refunded),
        )
        messages = [
            f"{what} {stored}, the ledger explains {explained}"
            for what, stored, explained in sums
            if stored.amount != explained
        ]
        if self.entries != wallet.entries:
            messages.append(f"the wallet counts {wallet.entries} entries, the ledger has {self.entries}")
        for message in messages or ([self.broken] if self.broken else []):
            yield Finding(invariant="I1", subject=str(self.owner_id), message=message)

    def _broken_by(self, entry: LedgerEntry) -> str:
        sequence, balance = self.entries + 1, self.balance + entry.amount
        if (entry.sequence, entry.balance_after.amount) == (sequence, balance):
            return ""
        found = f"entry {entry.sequence} leaves {entry.balance_after}"
        return f"{found}, where entry {sequence} leaving {balance} belongs"


def check_wallet(wallet: Wallet, entries: Iterable[LedgerEntry]) -> Iterator[Finding]:
    """Yield the mismatches between a wallet and its ledger, oldest entry first (I1)."""
    chain = LedgerChain(owner_id=wallet.owner_id)
    for entry in entries:
        chain = chain.then(entry)
    yield from chain.check(wallet)


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
