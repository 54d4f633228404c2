import pytest
from attrs import evolve

from spike_contracts.builders import NOON, a_job_id, an_owner
from spike_core.domain.errors import InvalidValue, InvariantViolated
from spike_core.domain.identifiers import JobId, OwnerId
from spike_core.domain.ledger import (
    EARN_KINDS,
    REFERENCE_CHARACTERS_MAX,
    EntryKind,
    LedgerEntry,
    LedgerTotals,
    Reference,
)
from spike_core.domain.tokens import Tokens


def an_entry(
    kind: EntryKind, amount: int, *, job_id: JobId | None, sequence: int = 1, reference: Reference | None = None
) -> LedgerEntry:
    return LedgerEntry(
        owner_id=an_owner(),
        sequence=sequence,
        kind=kind,
        amount=amount,
        balance_after=Tokens(10),
        job_id=job_id,
        reason="a test",
        created_at=NOON,
        reference=reference,
    )


@pytest.mark.parametrize("kind", [EntryKind.SPEND_ENHANCEMENT, EntryKind.SPEND_GENERATION])
def test_spending_is_negative_and_names_its_job(kind: EntryKind) -> None:
    assert an_entry(kind, -1, job_id=a_job_id()).amount == -1
    with pytest.raises(InvariantViolated, match="spending is negative"):
        an_entry(kind, 1, job_id=a_job_id())
    with pytest.raises(InvariantViolated, match="name their job"):
        an_entry(kind, -1, job_id=None)


@pytest.mark.parametrize("kind", [kind for kind in EntryKind if kind in EARN_KINDS])
def test_earning_is_positive_and_names_no_job(kind: EntryKind) -> None:
    assert an_entry(kind, 1, job_id=None).amount == 1
    with pytest.raises(InvariantViolated, match="spending is negative"):
        an_entry(kind, -1, job_id=None)
    with pytest.raises(InvariantViolated, match="nothing else does"):
        an_entry(kind, 1, job_id=a_job_id())


def test_a_refund_is_positive_and_names_its_job() -> None:
    assert an_entry(EntryKind.REFUND, 1, job_id=a_job_id()).amount == 1
    with pytest.raises(InvariantViolated):
        an_entry(EntryKind.REFUND, -1, job_id=a_job_id())
    with pytest.raises(InvariantViolated):
        an_entry(EntryKind.REFUND, 1, job_id=None)


@pytest.mark.parametrize("kind", EntryKind)
def test_an_entry_moves_something(kind: EntryKind) -> None:
    with pytest.raises(InvariantViolated, match="changes the balance"):
        an_entry(kind, 0, job_id=None)


def test_there_is_no_entry_number_zero() -> None:
    with pytest.raises(InvariantViolated, match="number 1"):
        an_entry(EntryKind.EARN_BONUS, 1, job_id=None, sequence=0)


def test_totals_explain_the_balance() -> None:
    totals = LedgerTotals(earned=Tokens(100), spent=Tokens(12), refunded=Tokens(2), entries=4)
    assert totals.balance == Tokens(90)


def test_a_debit_is_negative_and_names_no_job() -> None:
    assert an_entry(EntryKind.SPEND_ADJUSTMENT, -1, job_id=None).amount == -1
    with pytest.raises(InvariantViolated, match="spending is negative"):
        an_entry(EntryKind.SPEND_ADJUSTMENT, 1, job_id=None)
    with pytest.raises(InvariantViolated, match="nothing else does"):
        an_entry(EntryKind.SPEND_ADJUSTMENT, -1, job_id=a_job_id())


def test_a_charge_has_no_reference_beside_its_job() -> None:
    with pytest.raises(InvariantViolated, match="identified by their job"):
        an_entry(EntryKind.SPEND_ENHANCEMENT, -1, job_id=a_job_id(), reference=Reference("pi_1"))


@pytest.mark.parametrize("text", ["pi_3PqQ", "order 17", "🦊/%", "x" * REFERENCE_CHARACTERS_MAX])
def test_a_reference_is_any_printable_text(text: str) -> None:
    assert str(Reference(text)) == text


@pytest.mark.parametrize("text", ["", "a\n", "\x00", "\ud800", "x" * (REFERENCE_CHARACTERS_MAX + 1)])
def test_other_texts_are_no_reference(text: str) -> None:
    with pytest.raises(InvalidValue):
        Reference(text)


def test_the_hash_covers_the_reference() -> None:
    entry = an_entry(EntryKind.EARN_PURCHASE, 1, job_id=None)
    named = [evolve(entry, reference=reference) for reference in (None, Reference("pi_1"), Reference("pi_2"))]
    assert len({each.hash_after(b"") for each in named}) == 3


def test_an_entry_without_a_reference_keeps_its_hash() -> None:
    """Ledgers of releases without references still verify; the number was computed by one."""
    entry = evolve(an_entry(EntryKind.EARN_PURCHASE, 1, job_id=None), owner_id=OwnerId("user_" + "a" * 24))
    assert entry.hash_after(b"").hex() == "c2943e3912127d8b9de36d8b1db939ffe7959c96d0b8b69a7a70fb7b0282f1f1"
