"""Invariant I5: regeneration never raises a balance above the cap, never lowers it, and doesn't depend on reads."""

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import NOON, a_job_id, a_wallet
from spike_core.domain.errors import InvalidValue
from spike_core.domain.identifiers import JobId
from spike_core.domain.ledger import EntryKind
from spike_core.domain.regeneration import next_token_at, regenerate
from spike_core.domain.regeneration_policy import INTERVAL_MAX, RegenerationPolicy
from spike_core.domain.tokens import Tokens
from spike_core.domain.wallet import Wallet

MICROSECOND = timedelta(microseconds=1)
QUARTER = timedelta(minutes=15)
DEFAULT = RegenerationPolicy()

JOB = a_job_id()
wallets = st.builds(
    lambda tokens, parked: a_wallet(tokens + parked).spend(Tokens(parked), job_id=JOB, now=NOON, reason="work").wallet,
    st.integers(0, 130),
    st.integers(0, 130) | st.just(0),
)
policies = st.builds(
    RegenerationPolicy,
    interval=st.timedeltas(min_value=MICROSECOND, max_value=timedelta(days=400)) | st.just(QUARTER),
    cap=st.integers(0, 120).map(Tokens),
)
spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3000)) | st.timedeltas(
    min_value=timedelta(0), max_value=timedelta(days=2)
)


@given(wallets, policies, spans)
def test_it_never_lifts_a_wallet_above_the_cap_and_never_lowers_it(
    wallet: Wallet, policy: RegenerationPolicy, span: timedelta
) -> None:
    after = regenerate(wallet, policy, now=NOON + span).wallet
    assert wallet.balance <= after.balance <= max(wallet.balance, policy.cap)


@given(wallets, policies, spans)
def test_it_never_lifts_balance_and_parked_tokens_together_above_the_cap(
    wallet: Wallet, policy: RegenerationPolicy, span: timedelta
) -> None:
    """A refund brings parked tokens back whole, so they count as if they were in the wallet."""
    after = regenerate(wallet, policy, now=NOON + span).wallet
    before = wallet.balance + wallet.parked
    assert after.parked == wallet.parked
    assert after.balance + after.parked <= max(before, policy.cap)


steps = st.lists(st.tuples(st.sampled_from(["spend", "refund", "deliver"]), st.integers(1, 30), spans), max_size=12)


@given(st.integers(0, 130), policies, steps)
def test_however_tokens_are_parked_and_come_back_a_wallet_never_regenerates_above_the_cap(
    tokens: int, policy: RegenerationPolicy, steps: list[tuple[str, int, timedelta]]
) -> None:
    """Each refund is whole, and balance and parked tokens never exceed the cap, or what was there without it."""
    wallet, now, jobs = a_wallet(tokens), NOON, dict[JobId, Tokens]()
    highest = max(wallet.balance, policy.cap)
    for step, price, span in steps:
        now += span
        wallet = regenerate(wallet, policy, now=now).wallet
        balance = wallet.balance
        if step == "spend" and price <= balance.amount:
            job_id = a_job_id()
            jobs[job_id] = Tokens(price)
            wallet = wallet.spend(Tokens(price), job_id=job_id, now=now, reason="work").wallet
        elif step != "spend" and jobs:
            job_id, charged = jobs.popitem()
            if step == "refund":
                wallet = wallet.refund(charged, job_id=job_id, now=now, reason="no").wallet
                assert wallet.balance == balance + charged
            else:
                wallet = wallet.deliver(charged)
        assert wallet.parked == sum(jobs.values(), Tokens(0))
        assert wallet.balance + wallet.parked <= highest


@given(wallets, policies, st.lists(spans, min_size=1, max_size=8))
def test_reading_often_or_seldom_gives_the_same_balance_and_clock(
    wallet: Wallet, policy: RegenerationPolicy, reads: list[timedelta]
) -> None:
    reads.sort()
    often = wallet
    for read in reads:
        often = regenerate(often, policy, now=NOON + read).wallet
    once = regenerate(wallet, policy, now=NOON + reads[-1]).wallet
    assert (often.balance, often.regenerated_at) == (once.balance, once.regenerated_at)


@given(policies, st.integers(0, 500), st.data())
def test_the_remainder_of_an_interval_is_never_lost(
    policy: RegenerationPolicy, intervals: int, data: st.DataObject
) -> None:
    """Below the cap, the clock is at most one interval behind, by exactly the remainder."""
    wallet = a_wallet(0)
    remainder = data.draw(st.timedeltas(min_value=timedelta(0), max_value=policy.interval - MICROSECOND))
    now = NOON + intervals * policy.interval + remainder
    after = regenerate(wallet, policy, now=now).wallet
    if after.balance < policy.cap:
        assert after.balance == Tokens(intervals)
        assert now - after.regenerated_at == remainder


@given(policies, st.integers(0, 30), spans)
def test_a_full_wallet_stores_up_nothing(policy: RegenerationPolicy, above: int, span: timedelta) -> None:
    """However long the wallet was full, the next token takes a whole interval from the moment it no longer is."""
    now = NOON + span
    full = regenerate(a_wallet(policy.cap.amount + above), policy, now=now).wallet
    emptied = full.spend(full.balance, job_id=a_job_id(), now=now, reason="all of it").wallet.deliver(full.balance)
    almost = now + policy.interval - MICROSECOND
    assert regenerate(emptied, policy, now=almost).wallet.balance == Tokens(0)


@given(wallets, policies, spans)
def test_a_clock_that_runs_backwards_mints_nothing(wallet: Wallet, policy: RegenerationPolicy, span: timedelta) -> None:
    posting = regenerate(wallet, policy, now=NOON - span)
    assert posting.wallet == wallet
    assert posting.entries == ()


@given(wallets, policies, spans, spans)
def test_a_clock_that_is_set_back_for_a_while_mints_nothing_twice(
    wallet: Wallet, policy: RegenerationPolicy, span: timedelta, back: timedelta
) -> None:
    now = NOON + span
    straight = regenerate(wallet, policy, now=now).wallet
    crooked = regenerate(straight, policy, now=now - back).wallet
    crooked = regenerate(crooked, policy, now=now).wallet
    assert (crooked.balance, crooked.regenerated_at) == (straight.balance, straight.regenerated_at)


@given(policies, st.integers(1, 30), spans)
def test_above_the_cap_the_balance_is_left_alone(policy: RegenerationPolicy, above: int, span: timedelta) -> None:
    rich = a_wallet(policy.cap.amount + above)
    posting = regenerate(rich, policy, now=NOON + span)
    assert posting.wallet.balance == rich.balance
    assert posting.entries == ()


@given(wallets, policies, spans)
def test_minted_tokens_are_explained_by_one_entry(wallet: Wallet, policy: RegenerationPolicy, span: timedelta) -> None:
    posting = regenerate(wallet, policy, now=NOON + span)
    minted = posting.wallet.balance - wallet.balance
    expected = [(EntryKind.EARN_REGENERATION, minted.amount)] if minted else []
    assert [(entry.kind, entry.amount) for entry in posting.entries] == expected


@given(wallets, policies, spans)
def test_the_next_token_comes_when_it_was_foretold_and_not_a_microsecond_before(
    wallet: Wallet, policy: RegenerationPolicy, span: timedelta
) -> None:
    regenerated = regenerate(wallet, policy, now=NOON + span).wallet
    due_at = next_token_at(regenerated, policy)
    if due_at is None:
        assert regenerated.balance + regenerated.parked >= policy.cap
        return
    assert due_at > NOON + span
    assert regenerate(regenerated, policy, now=due_at - MICROSECOND).wallet.balance == regenerated.balance
    assert regenerate(regenerated, policy, now=due_at).wallet.balance == regenerated.balance + Tokens(1)


def test_a_token_takes_a_quarter_of_an_hour_and_a_hundred_are_the_cap() -> None:
    wallet = a_wallet(97)
    after = [regenerate(wallet, DEFAULT, now=NOON + count * QUARTER).wallet.balance.amount for count in range(6)]
    assert after == [97, 98, 99, 100, 100, 100]


@pytest.mark.parametrize("interval", [timedelta(0), -MICROSECOND, INTERVAL_MAX + MICROSECOND])
def test_an_interval_that_is_not_longer_than_zero_or_too_long_is_refused(interval: timedelta) -> None:
    with pytest.raises(InvalidValue):
        RegenerationPolicy(interval=interval)
    with pytest.raises(InvalidValue):
        evolve(DEFAULT, interval=interval)


@given(wallets, policies, policies, spans, spans)
def test_a_change_of_policy_takes_no_tokens_away(
    wallet: Wallet, earlier: RegenerationPolicy, later: RegenerationPolicy, before: timedelta, after: timedelta
) -> None:
    """What the wallet showed under the earlier policy is there when it first meets the later one."""
    followed = regenerate(wallet, earlier, now=NOON + MICROSECOND).wallet
    shown = regenerate(followed, earlier, now=NOON + before).wallet
    met = regenerate(followed, later, now=NOON + before + after)
    assert met.wallet.balance >= shown.balance
    assert met.wallet.balance <= max(wallet.balance, earlier.cap)
    if before + after > MICROSECOND:
        assert met.wallet.policy == later
        stored = regenerate(met.wallet, later, now=NOON + before + after).wallet
        assert stored.balance == met.wallet.balance


@given(wallets, policies, policies, spans)
def test_the_part_of_an_interval_that_has_passed_counts_under_the_new_policy(
    wallet: Wallet, earlier: RegenerationPolicy, later: RegenerationPolicy, span: timedelta
) -> None:
    now = NOON + MICROSECOND + span
    followed = regenerate(wallet, earlier, now=NOON + MICROSECOND).wallet
    waited = now - regenerate(followed, earlier, now=now).wallet.regenerated_at
    waits = now - regenerate(followed, later, now=now).wallet.regenerated_at
    assert timedelta(0) <= waits < later.interval
    assert abs(waits / later.interval - waited / earlier.interval) <= MICROSECOND / later.interval + 1e-9
