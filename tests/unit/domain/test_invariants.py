"""Each kind of violation is found, and none in valid data."""

from collections.abc import Sequence

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import NOON, a_wallet, an_owner, one_job_of_each_kind
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.invariants import Finding, check_job, check_wallet
from spike_core.domain.jobs import CancelledJob, CompletedJob, Job, RefundedJob
from spike_core.domain.ledger import EntryKind, LedgerEntry, LedgerTotals
from spike_core.domain.tokens import NO_TOKENS, Tokens

KINDS = one_job_of_each_kind()
CHARGED = [job for job in KINDS if job.spec.charged]
FREE = [job for job in KINDS if not job.spec.charged]


def entry(job: Job, kind: EntryKind, amount: int, *, owner_id: OwnerId | None = None) -> LedgerEntry:
    return LedgerEntry(
        owner_id=owner_id or job.spec.owner_id,
        sequence=1,
        kind=kind,
        amount=amount,
        balance_after=NO_TOKENS,
        job_id=job.id,
        reason="a test",
        created_at=NOON,
    )


def spend(job: Job) -> LedgerEntry:
    return entry(job, EntryKind.SPEND_ENHANCEMENT, -job.spec.charged.amount)


def refund(job: Job) -> LedgerEntry:
    return entry(job, EntryKind.REFUND, job.spec.charged.amount)


def sound(job: Job) -> Sequence[LedgerEntry]:
    """Return the entries that the job should have."""
    if not job.spec.charged:
        return []
    return [spend(job), refund(job)] if isinstance(job, RefundedJob | CancelledJob) else [spend(job)]


def broken(findings: Sequence[Finding]) -> list[str]:
    return [finding.invariant for finding in findings]


def ids(job: Job) -> str:
    return type(job).__name__


@pytest.mark.parametrize("job", KINDS, ids=ids)
def test_nothing_is_wrong_with_a_sound_job(job: Job) -> None:
    assert list(check_job(job, sound(job))) == []


@pytest.mark.parametrize("job", CHARGED, ids=ids)
def test_a_charge_that_is_missing_is_found(job: Job) -> None:
    findings = list(check_job(job, sound(job)[1:]))
    assert "I2" in broken(findings)
    assert {finding.subject for finding in findings} == {str(job.id)}


@pytest.mark.parametrize("job", CHARGED, ids=ids)
def test_a_charge_that_is_doubled_is_found(job: Job) -> None:
    assert broken(list(check_job(job, [*sound(job), spend(job)]))) == ["I2"]


@pytest.mark.parametrize("job", CHARGED, ids=ids)
def test_a_charge_of_another_amount_is_found(job: Job) -> None:
    wrong = entry(job, EntryKind.SPEND_ENHANCEMENT, -job.spec.charged.amount - 1)
    assert broken(list(check_job(job, [wrong, *sound(job)[1:]]))) == ["I2"]


@pytest.mark.parametrize("job", FREE, ids=ids)
def test_a_charge_for_a_free_job_is_found(job: Job) -> None:
    wrong = entry(job, EntryKind.SPEND_ENHANCEMENT, -1)
    assert broken(list(check_job(job, [wrong]))) == ["I2"]


@pytest.mark.parametrize("job", [job for job in KINDS if isinstance(job, RefundedJob | CancelledJob)], ids=ids)
def test_a_refund_that_is_missing_is_found(job: Job) -> None:
    assert broken(list(check_job(job, [spend(job)]))) == ["I3"]


@pytest.mark.parametrize("job", [job for job in KINDS if isinstance(job, RefundedJob | CancelledJob)], ids=ids)
def test_a_refund_that_is_doubled_or_of_another_amount_is_found(job: Job) -> None:
    assert broken(list(check_job(job, [*sound(job), refund(job)]))) == ["I2"]
    wrong = entry(job, EntryKind.REFUND, job.spec.charged.amount + 1)
    assert broken(list(check_job(job, [spend(job), wrong]))) == ["I2"]


@pytest.mark.parametrize("job", [job for job in CHARGED if len(sound(job)) == 1], ids=ids)
def test_a_refund_for_a_job_that_goes_on_or_was_delivered_is_found(job: Job) -> None:
    assert broken(list(check_job(job, [spend(job), refund(job)]))) == ["I3"]


@pytest.mark.parametrize("job", FREE, ids=ids)
def test_a_refund_for_a_free_job_is_found(job: Job) -> None:
    wrong = entry(job, EntryKind.REFUND, 1)
    assert "I2" in broken(list(check_job(job, [wrong])))


@pytest.mark.parametrize("job", CHARGED, ids=ids)
def test_a_charge_to_somebody_elses_wallet_is_found(job: Job) -> None:
    wrong = [evolve(one, owner_id=an_owner()) for one in sound(job)]
    assert broken(list(check_job(job, wrong))) == ["I2"]


def test_the_kinds_above_hold_both_ends_of_money() -> None:
    assert {type(job) for job in CHARGED} >= {CompletedJob, RefundedJob, CancelledJob}
    assert FREE


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_nothing_is_wrong_with_a_wallet_that_its_ledger_explains(earned: int, spent: int, refunded: int) -> None:
    totals = LedgerTotals(earned=Tokens(earned + spent), spent=Tokens(spent), refunded=Tokens(refunded), entries=3)
    wallet = evolve(a_wallet(), balance=totals.balance, entries=3)
    assert list(check_wallet(wallet, totals)) == []


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_every_difference_between_wallet_and_ledger_is_found(
    balance: int, earned: int, spent: int, refunded: int
) -> None:
    """Also if the ledger adds up to less than zero."""
    totals = LedgerTotals(earned=Tokens(earned), spent=Tokens(spent), refunded=Tokens(refunded), entries=3)
    wallet = evolve(a_wallet(), balance=Tokens(balance), entries=3)
    expected = [] if earned + refunded - spent == balance else ["I1"]
    assert broken(list(check_wallet(wallet, totals))) == expected


@given(st.integers(0, 5), st.integers(0, 5))
def test_an_entry_that_is_missing_or_too_many_is_found(counted: int, there: int) -> None:
    wallet = evolve(a_wallet(7), entries=counted)
    totals = LedgerTotals(earned=Tokens(7), spent=NO_TOKENS, refunded=NO_TOKENS, entries=there)
    findings = list(check_wallet(wallet, totals))
    assert broken(findings) == ([] if counted == there else ["I1"])
    assert all(finding.subject == str(wallet.owner_id) for finding in findings)
