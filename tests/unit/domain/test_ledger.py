import pytest

from spike_contracts.builders import NOON, a_job_id, an_owner
from spike_core.domain.errors import InvariantViolated
from spike_core.domain.identifiers import JobId
from spike_core.domain.ledger import SPEND_KINDS, EntryKind, LedgerEntry, LedgerTotals
from spike_core.domain.tokens import Tokens

EARN_KINDS = sorted(set(EntryKind) - SPEND_KINDS - {EntryKind.REFUND}, key=lambda kind: kind.value)


def an_entry(kind: EntryKind, amount: int, *, job_id: JobId | None, sequence: int = 1) -> LedgerEntry:
    return LedgerEntry(
        owner_id=an_owner(),
        sequence=sequence,
        kind=kind,
        amount=amount,
        balance_after=Tokens(10),
        job_id=job_id,
        reason="a test",
        created_at=NOON,
    )


@pytest.mark.parametrize("kind", [EntryKind.SPEND_ENHANCEMENT, EntryKind.SPEND_GENERATION])
def test_spending_is_negative_and_names_its_job(kind: EntryKind) -> None:
    assert an_entry(kind, -1, job_id=a_job_id()).amount == -1
    with pytest.raises(InvariantViolated, match="spending is negative"):
        an_entry(kind, 1, job_id=a_job_id())
    with pytest.raises(InvariantViolated, match="name their job"):
        an_entry(kind, -1, job_id=None)


@pytest.mark.parametrize("kind", EARN_KINDS)
def test_earning_is_positive_and_names_no_job(kind: EntryKind) -> None:
    assert an_entry(kind, 1, job_id=None).amount == 1
    with pytest.raises(InvariantViolated, match="spending is negative"):
        an_entry(kind, -1, job_id=None)
    with pytest.raises(InvariantViolated, match="earnings have none"):
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
