"""The invariants that stored rows must satisfy, as pure functions.

I1: balances equal the sums of their ledgers. I2: each charge and refund happens once. I3: a job is delivered or
refunded. I8, that rows and objects match, needs the blob store; it and I9, that an album contains as many images as
are counted, are in `spike_core.services.audit`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Final, Self

import attrs
from attrs import evolve, frozen

from spike_core.domain.catalog import TIER_NAME
from spike_core.domain.hash_chain import NO_HASH
from spike_core.domain.identifiers import ANONYMOUS, Identifier, OwnerId
from spike_core.domain.jobs import CancelledJob, FailedJob, Job, RefundedJob
from spike_core.domain.ledger import CHARGE_KINDS, SPEND_KINDS, EntryKind, LedgerEntry
from spike_core.domain.objects import ObjectKey
from spike_core.domain.wallet import Wallet


class Check(Enum):
    """What the audit checks. Documented in `docs/reference/audit.md`."""

    BALANCE = "balance"
    LEDGER_ORDER = "ledger-order"
    LEDGER_CHAIN = "ledger-chain"
    REFUND_TOTALS = "refund-totals"
    CHARGE = "charge"
    DELIVERY = "delivery"
    OBJECT_MISSING = "object-missing"
    OBJECT_ORPHAN = "object-orphan"
    OBJECT_CONTENT = "object-content"
    OBJECT_KEY = "object-key"
    ALBUM_COUNT = "album-count"
    USAGE = "usage"
    ACCOUNT = "account"
    OWNER = "owner"
    TIER = "tier"
    REFERENCE = "reference"
    CHANGED = "changed"
    CLOCK = "clock"
    OUTBOX = "outbox"
    UNREADABLE = "unreadable"
    DATABASE = "database"

    @property
    def invariant(self) -> str:
        """The number of the invariant that is violated, or the check's own name if it belongs to none."""
        return _INVARIANTS.get(self, self.value)


FUTURE_TOLERANCE: Final = timedelta(minutes=5)  # by which clocks of several machines may differ
_LEAVES: Final = frozenset({str, int, bool, bytes, type(None), datetime})
_INVARIANTS: Final = {
    Check.BALANCE: "I1",
    Check.LEDGER_ORDER: "I1",
    Check.LEDGER_CHAIN: "I1",
    Check.REFUND_TOTALS: "I1",
    Check.CHARGE: "I2",
    Check.DELIVERY: "I3",
    Check.OBJECT_MISSING: "I8",
    Check.OBJECT_ORPHAN: "I8",
    Check.OBJECT_CONTENT: "I8",
    Check.ALBUM_COUNT: "I9",
}


@frozen(kw_only=True)
class Finding:
    """Something that the audit found wrong, and the row, object or table that is wrong."""

    check: Check
    subject: str  # the row's id, the object's key or the table's name
    message: str

    @property
    def invariant(self) -> str:
        """See `Check.invariant`."""
        return self.check.invariant


@frozen(kw_only=True)
class LedgerChain:
    """A wallet's ledger as far as it has been read, oldest entry first: its sums, and where it first breaks.

    Entries without a hash are accepted at the end of a ledger if they are of `unchained_until` or earlier: an older
    release may have written them.
    """

    owner_id: OwnerId
    unchained_until: datetime | None = None
    entries: int = 0
    balance: int = 0
    spent: int = 0
    refunded: int = 0
    broken: str = ""  # what is wrong with the first entry that doesn't follow from those before
    head: bytes = NO_HASH  # the hash of the latest entry that has one
    unchained: int = 0  # the number of accepted entries without a hash
    forged: str = ""  # what is wrong with the first entry whose hash doesn't follow from those before

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
            head=entry.hash or self.head,
            unchained=self.unchained + self._is_unchained(entry),
            forged=self.forged or self._forged_by(entry),
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
        forged = self.forged or self._forged_head(wallet)
        subject = str(self.owner_id)
        for message in messages:
            yield Finding(check=Check.BALANCE, subject=subject, message=message)
        if self.broken and not messages:
            yield Finding(check=Check.LEDGER_ORDER, subject=subject, message=self.broken)
        elif forged:
            yield Finding(check=Check.LEDGER_CHAIN, subject=subject, message=forged)

    def _broken_by(self, entry: LedgerEntry) -> str:
        sequence, balance = self.entries + 1, self.balance + entry.amount
        if (entry.sequence, entry.balance_after.amount) == (sequence, balance):
            return ""
        found = f"entry {entry.sequence} leaves {entry.balance_after}"
        return f"{found}, where entry {sequence} leaving {balance} belongs"

    def _is_unchained(self, entry: LedgerEntry) -> bool:
        return not entry.hash and self.unchained_until is not None and entry.created_at <= self.unchained_until

    def _forged_by(self, entry: LedgerEntry) -> str:
        if self._is_unchained(entry):
            return ""
        if not entry.hash:
            return f"entry {entry.sequence} has no hash: Spike hasn't written it"
        if self.unchained:
            return f"entry {entry.sequence} has a hash, the one before it has none"
        if entry.hash != entry.hash_after(self.head):
            return f"the hash of entry {entry.sequence} doesn't follow from it and the entries before it"
        return ""

    def _forged_head(self, wallet: Wallet) -> str:
        return "" if wallet.head == self.head else "the newest entry isn't the one whose hash the wallet has"


def check_identifiers(value: object) -> None:
    """Check that all identifiers and object keys within a domain value have their form.

    Raises:
        InvalidIdentifier: one hasn't.
    """
    if isinstance(value, Identifier | ObjectKey):
        if value != ANONYMOUS:  # which no one may claim, but rows have
            value.parse(value.text)
        return
    kind: Any = type(value)
    for name in _attributes(kind):
        part = getattr(value, name)
        if type(part) not in _LEAVES:
            check_identifiers(part)


@cache
def _attributes(kind: type) -> Sequence[str]:
    return [attribute.name for attribute in attrs.fields(kind)] if attrs.has(kind) else []


def check_wallet(wallet: Wallet, entries: Iterable[LedgerEntry]) -> Iterator[Finding]:
    """Yield the mismatches between a wallet and its ledger, oldest entry first (I1)."""
    chain = LedgerChain(owner_id=wallet.owner_id)
    for entry in entries:
        chain = chain.then(entry)
    yield from chain.check(wallet)


def check_times(value: object, *, subject: str, now: datetime, leeway: Mapping[str, timedelta]) -> Iterator[Finding]:
    """Yield the times within a domain value that are in the future, by more than the `leeway` of their attribute."""
    for name, moment in _times_of(value):
        if moment > now + FUTURE_TOLERANCE + leeway.get(name, timedelta(0)):
            yield Finding(check=Check.CLOCK, subject=subject, message=f"{name} is in the future: {moment}")


def _times_of(value: object) -> Iterator[tuple[str, datetime]]:
    kind: Any = type(value)
    for name in _attributes(kind):
        part = getattr(value, name)
        if isinstance(part, datetime):
            yield name, part
        elif type(part) not in _LEAVES:
            yield from _times_of(part)


def check_job(job: Job, entries: Sequence[LedgerEntry], *, is_changed: bool = False) -> Iterator[Finding]:
    """Yield the mismatches between a job and the ledger entries that name it (I2, I3).

    Owner and tier of a job that is known to be changed aren't compared.
    """
    subject, charged = str(job.id), job.spec.charged.amount
    spends = [entry.amount for entry in entries if entry.kind in CHARGE_KINDS]
    refunds = [entry.amount for entry in entries if entry.kind is EntryKind.REFUND]
    if spends != ([-charged] if charged else []):
        yield Finding(check=Check.CHARGE, subject=subject, message=f"charged {charged}, the ledger says {spends}")
    if refunds not in ([], [charged]):
        yield Finding(check=Check.CHARGE, subject=subject, message=f"charged {charged}, refunded {refunds}")
    if not is_changed:
        yield from _check_order(job, entries)
    owes_refund = isinstance(job, RefundedJob | CancelledJob | FailedJob) and charged > 0
    if owes_refund and not refunds:
        message = f"{job.status.value}, neither delivered nor refunded"
        yield Finding(check=Check.DELIVERY, subject=subject, message=message)
    if refunds and not owes_refund:
        message = f"{job.status.value}, but refunded"
        yield Finding(check=Check.DELIVERY, subject=subject, message=message)


def _check_order(job: Job, entries: Sequence[LedgerEntry]) -> Iterator[Finding]:
    """Yield an owner or a tier that isn't the one of the charge."""
    subject = str(job.id)
    if any(entry.owner_id != job.spec.owner_id for entry in entries):
        yield Finding(check=Check.CHARGE, subject=subject, message="another owner's wallet was charged or refunded")
    for entry in entries:
        charged = entry.reason.rpartition(" at ")[2]  # such as "Enhancement at TIER_1K"
        if entry.kind in CHARGE_KINDS and TIER_NAME.fullmatch(charged) and charged != job.spec.tier.name:
            message = f"its tier is {job.spec.tier}, {charged} was charged"
            yield Finding(check=Check.TIER, subject=subject, message=message)
