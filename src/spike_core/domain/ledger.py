"""The ledger: the append-only history of every wallet.

A wallet's entries are numbered 1, 2, 3 … without a gap, so a missing or duplicate entry is detectable, and their
amounts sum to the balance (invariant I1). They are chained by hash, so a changed or forged one is detectable too.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Final, Self

from attrs import evolve, field, frozen

from spike_core.domain.errors import InvalidValue, InvariantViolated
from spike_core.domain.hash_chain import NO_HASH, entry_hash, microseconds
from spike_core.domain.identifiers import JobId, OwnerId
from spike_core.domain.tokens import Tokens


class EntryKind(Enum):
    """The kind of a ledger entry. The names are the API's."""

    EARN_REGENERATION = "EARN_REGENERATION"
    EARN_BONUS = "EARN_BONUS"
    EARN_PURCHASE = "EARN_PURCHASE"
    EARN_ADJUSTMENT = "EARN_ADJUSTMENT"
    SPEND_ENHANCEMENT = "SPEND_ENHANCEMENT"
    SPEND_GENERATION = "SPEND_GENERATION"
    SPEND_ADJUSTMENT = "SPEND_ADJUSTMENT"
    REFUND = "REFUND"


SEQUENCE_MAX: Final = 2**63 - 1
CHARGE_KINDS: Final = frozenset({EntryKind.SPEND_ENHANCEMENT, EntryKind.SPEND_GENERATION})  # of jobs
SPEND_KINDS: Final = CHARGE_KINDS | {EntryKind.SPEND_ADJUSTMENT}
EARN_KINDS: Final = frozenset(EntryKind) - SPEND_KINDS - {EntryKind.REFUND}
REFERENCE_CHARACTERS_MAX: Final = 255


@frozen
class Reference:
    """What a credit or a debit is for, in the words of the app that makes it, such as the id of a payment.

    1 to `REFERENCE_CHARACTERS_MAX` characters that are printable as `str.isprintable` says. An owner's ledger has each
    at most once.

    >>> str(Reference("pi_3MtwBwLkdIwHu7ix28a3tqPa"))
    'pi_3MtwBwLkdIwHu7ix28a3tqPa'

    Raises:
        InvalidValue: the text breaks that rule.
    """

    text: str = field()

    @text.validator
    def _printable(self, _attribute: object, value: str) -> None:
        if not 1 <= len(value) <= REFERENCE_CHARACTERS_MAX or not value.isprintable():
            rule = f"must be 1 to {REFERENCE_CHARACTERS_MAX} printable characters"
            raise InvalidValue(what="reference", rule=rule)

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@frozen(kw_only=True)
class LedgerEntry:
    """One change of a balance, negative for spending."""

    owner_id: OwnerId
    sequence: int = field()  # 1 for a wallet's first entry, then without a gap
    kind: EntryKind
    amount: int = field()
    balance_after: Tokens
    job_id: JobId | None  # the job that was charged or refunded, if any
    reason: str
    created_at: datetime
    reference: Reference | None = field(default=None)  # of a credit or a debit; the owner's ledger has it once
    hash: bytes = field(default=NO_HASH, repr=False)  # over the entry before it and its own content

    @sequence.validator
    def _counts_from_one(self, _attribute: object, value: int) -> None:
        if value < 1:
            raise InvariantViolated("a wallet's first entry has sequence number 1")

    @amount.validator
    def _signed_by_kind(self, _attribute: object, value: int) -> None:
        if value == 0:
            raise InvariantViolated("an entry changes the balance")
        if (value < 0) != (self.kind in SPEND_KINDS):
            raise InvariantViolated("spending is negative, everything else positive")
        if (self.job_id is not None) != (self.kind in CHARGE_KINDS or self.kind is EntryKind.REFUND):
            raise InvariantViolated("charges and refunds name their job, nothing else does")

    @reference.validator
    def _without_job(self, _attribute: object, value: Reference | None) -> None:
        if value is not None and self.job_id is not None:
            raise InvariantViolated("charges and refunds are identified by their job")

    def chained(self, previous: bytes) -> Self:
        """Return the entry with its hash; `previous` is the hash of the entry before it, `NO_HASH` for the first."""
        return evolve(self, hash=self.hash_after(previous))

    def hash_after(self, previous: bytes) -> bytes:
        """Return the hash that the entry must have after an entry with the hash `previous`."""
        return entry_hash(
            previous,
            owner_id=self.owner_id.text,
            sequence=self.sequence,
            kind=self.kind.value,
            amount=self.amount,
            balance_after=self.balance_after.amount,
            job_id=None if self.job_id is None else self.job_id.text,
            reason=self.reason,
            created_at_us=microseconds(self.created_at),
            reference=None if self.reference is None else self.reference.text,
        )


@frozen
class LedgerPosition:
    """The position after an entry, among the entries of all owners in the order of owner and sequence number."""

    owner_id: OwnerId
    sequence: int

    @classmethod
    def after(cls, owner_id: OwnerId) -> Self:
        """Return the position after all entries of this owner."""
        return cls(owner_id, SEQUENCE_MAX)


@frozen(kw_only=True)
class LedgerTotals:
    """The sums over one wallet's ledger, each a positive number of tokens."""

    earned: Tokens
    spent: Tokens
    refunded: Tokens
    entries: int  # the number of entries, and the sequence number of the last

    @classmethod
    def of(cls, entries: Iterable[LedgerEntry]) -> Self:
        """Return the sums over all entries of one wallet."""
        earned = spent = refunded = count = 0
        for entry in entries:
            count += 1
            if entry.kind in SPEND_KINDS:
                spent -= entry.amount
            elif entry.kind is EntryKind.REFUND:
                refunded += entry.amount
            else:
                earned += entry.amount
        return cls(earned=Tokens(earned), spent=Tokens(spent), refunded=Tokens(refunded), entries=count)

    @property
    def balance(self) -> Tokens:
        """The balance that the ledger adds up to."""
        return self.earned + self.refunded - self.spent
