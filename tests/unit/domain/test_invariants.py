"""Each kind of violation is found, and none in valid data."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import NOON, a_job_id, an_opening, an_owner, one_job_of_each_kind
from spike_core.domain.hash_chain import NO_HASH
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.invariants import Check, Finding, LedgerChain, check_job, check_wallet
from spike_core.domain.jobs import CancelledJob, CompletedJob, Job, RefundedJob
from spike_core.domain.ledger import EntryKind, LedgerEntry, LedgerTotals
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.domain.wallet import Posting

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


AMOUNTS = st.lists(st.integers(-30, 30).filter(bool), max_size=8)


def a_history(amounts: Sequence[int]) -> Posting:
    """Return a wallet with an opening of 300 tokens and a charge, a refund or an earning for each amount."""
    posting = an_opening(300)
    for amount in amounts:
        wallet, price = posting.wallet, Tokens(abs(amount))
        if amount < 0:
            moved = wallet.spend(price, job_id=a_job_id(), now=NOON, reason="work")
        elif amount % 2:
            moved = wallet.refund(price, job_id=a_job_id(), now=NOON, reason="no")
        else:
            moved = wallet.credit(price, kind=EntryKind.EARN_PURCHASE, now=NOON, reason="bought")
        posting = moved.after(posting)
    return posting


@given(AMOUNTS)
def test_nothing_is_wrong_with_a_wallet_that_its_ledger_explains(amounts: list[int]) -> None:
    posting = a_history(amounts)
    assert list(check_wallet(posting.wallet, posting.entries)) == []
    assert posting.wallet.totals == LedgerTotals.of(posting.entries)


@pytest.mark.parametrize("sum_", ["balance", "spent", "refunded"])
@given(amounts=AMOUNTS, more=st.integers(1, 9))
def test_every_difference_between_a_sum_and_the_ledger_is_found(sum_: str, amounts: list[int], more: int) -> None:
    posting = a_history(amounts)
    wrong = evolve(posting.wallet, **{sum_: getattr(posting.wallet, sum_) + Tokens(more)})
    findings = list(check_wallet(wrong, posting.entries))
    assert broken(findings) == ["I1"]
    assert sum_ in findings[0].message


@given(AMOUNTS, st.data())
def test_an_entry_that_is_missing_or_too_many_is_found(amounts: list[int], data: st.DataObject) -> None:
    """Also where the ledger explains less than nothing."""
    posting = a_history(amounts)
    number = data.draw(st.integers(0, len(posting.entries) - 1))
    entries = list(posting.entries)
    for wrong in (entries[:number] + entries[number + 1 :], [*entries[:number], entries[number], *entries[number:]]):
        findings = list(check_wallet(posting.wallet, wrong))
        assert set(broken(findings)) == {"I1"}
        assert {finding.subject for finding in findings} == {str(posting.wallet.owner_id)}


def test_the_first_entry_that_doesnt_follow_is_named_where_the_sums_agree() -> None:
    posting = a_history([-2, -3, 4])
    entries = [*posting.entries[:2], evolve(posting.entries[2], balance_after=Tokens(1)), *posting.entries[3:]]
    [finding] = check_wallet(posting.wallet, entries)
    assert finding.message == "entry 3 leaves 1, where entry 3 leaving 295 belongs"


def test_a_changed_entry_is_named_though_all_sums_agree() -> None:
    posting = a_history([-2, -3, 4])
    for change in ({"reason": "other"}, {"created_at": NOON + timedelta(days=1)}, {"job_id": a_job_id()}):
        entries = [*posting.entries[:2], evolve(posting.entries[2], **change), *posting.entries[3:]]
        [finding] = check_wallet(posting.wallet, entries)
        assert finding.check is Check.LEDGER_CHAIN
        assert finding.message == "the hash of entry 3 doesn't follow from it and the entries before it"


def test_the_newest_entry_removed_with_all_its_traces_in_the_sums_is_found() -> None:
    before = a_history([-2, -3])
    posting = evolve(before, wallet=evolve(before.wallet, balance=Tokens(298), spent=Tokens(2), entries=2))
    [finding] = check_wallet(posting.wallet, posting.entries[:-1])
    assert finding.check is Check.LEDGER_CHAIN
    assert "newest" in finding.message


def test_entries_without_a_hash_are_accepted_at_the_end_and_up_to_a_time() -> None:
    posting = a_history([-2, -3, 4])
    hashed, bare = posting.entries[:2], [evolve(entry, hash=NO_HASH) for entry in posting.entries[2:]]
    wallet = evolve(posting.wallet, head=hashed[-1].hash)

    def findings(entries: Sequence[LedgerEntry], until: datetime | None) -> list[Finding]:
        chain = LedgerChain(owner_id=wallet.owner_id, unchained_until=until)
        for each in entries:
            chain = chain.then(each)
        return list(chain.check(wallet))

    assert findings([*hashed, *bare], NOON) == []
    for until in (None, NOON - timedelta(microseconds=1)):
        assert [each.check for each in findings([*hashed, *bare], until)] == [Check.LEDGER_CHAIN]
    [gap] = findings([*hashed, *bare[:-1], posting.entries[-1]], NOON)
    assert gap.message == "entry 4 has a hash, the one before it has none"
