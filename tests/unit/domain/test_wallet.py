from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import NOON, a_job_id, a_wallet, an_owner
from spike_core.domain.errors import InvalidValue, NotEnoughTokens
from spike_core.domain.ledger import EntryKind, LedgerEntry
from spike_core.domain.tokens import TOKENS_MAX, Tokens
from spike_core.domain.wallet import Posting, Wallet

moves = st.lists(st.tuples(st.sampled_from(["spend", "refund", "credit"]), st.integers(0, 200)), max_size=40)


def moved(wallet: Wallet, move: str, amount: int) -> Posting:
    tokens = Tokens(amount)
    match move:
        case "spend":
            return wallet.spend(tokens, job_id=a_job_id(), now=NOON, reason="a test")
        case "refund":
            return wallet.refund(tokens, job_id=a_job_id(), now=NOON, reason="a test")
        case _:
            return wallet.credit(tokens, kind=EntryKind.EARN_PURCHASE, now=NOON, reason="a test")


def after_all(wallet: Wallet, plan: Sequence[tuple[str, int]]) -> tuple[Wallet, list[LedgerEntry]]:
    """Return the wallet after those movements that it can afford, and all entries."""
    entries: list[LedgerEntry] = []
    for move, amount in plan:
        if move == "spend" and amount > wallet.balance.amount:
            continue
        posting = moved(wallet, move, amount)
        wallet = posting.wallet
        entries += posting.entries
    return wallet, entries


@given(moves)
def test_the_ledger_adds_up_to_the_balance(plan: list[tuple[str, int]]) -> None:
    """Invariant I1."""
    wallet, entries = after_all(Wallet.empty(an_owner(), now=NOON), plan)
    assert sum(entry.amount for entry in entries) == wallet.balance.amount
    assert wallet.entries == len(entries)


@given(moves)
def test_entries_are_numbered_from_one_without_a_gap(plan: list[tuple[str, int]]) -> None:
    _wallet, entries = after_all(Wallet.empty(an_owner(), now=NOON), plan)
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))


@given(moves)
def test_each_entry_tells_the_balance_behind_it(plan: list[tuple[str, int]]) -> None:
    _wallet, entries = after_all(Wallet.empty(an_owner(), now=NOON), plan)
    balance = 0
    for entry in entries:
        balance += entry.amount
        assert entry.balance_after == Tokens(balance)


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_spending_more_than_the_balance_changes_nothing(balance: int, more: int) -> None:
    wallet = a_wallet(balance)
    with pytest.raises(NotEnoughTokens) as refusal:
        wallet.spend(Tokens(balance + more), job_id=a_job_id(), now=NOON, reason="too expensive")
    assert (refusal.value.required, refusal.value.balance) == (balance + more, balance)
    assert wallet.balance == Tokens(balance)


@given(st.integers(0, 1000))
def test_the_whole_balance_can_be_spent(balance: int) -> None:
    spent = a_wallet(balance).spend(Tokens(balance), job_id=a_job_id(), now=NOON, reason="all of it")
    assert spent.wallet.balance == Tokens(0)


@pytest.mark.parametrize("move", ["spend", "refund", "credit"])
def test_moving_nothing_leaves_no_entry(move: str) -> None:
    wallet = a_wallet(3)
    assert moved(wallet, move, 0) == Posting(wallet=wallet, entries=())


@given(st.integers(1, 1000), st.data())
def test_a_refund_gives_back_what_was_spent(balance: int, data: st.DataObject) -> None:
    price = Tokens(data.draw(st.integers(1, balance)))
    wallet, job_id = a_wallet(balance), a_job_id()
    spent = wallet.spend(price, job_id=job_id, now=NOON, reason="enhancement").wallet
    refunded = spent.refund(price, job_id=job_id, now=NOON, reason="failed")
    assert refunded.wallet.balance == wallet.balance
    assert [(entry.kind, entry.job_id) for entry in refunded.entries] == [(EntryKind.REFUND, job_id)]


def test_earnings_and_refunds_rise_above_any_cap() -> None:
    wallet = a_wallet(100)
    for move in ("credit", "refund"):
        wallet = moved(wallet, move, 1000).wallet
    assert wallet.balance == Tokens(2100)


def test_a_balance_beyond_the_largest_number_is_refused() -> None:
    with pytest.raises(InvalidValue):
        moved(a_wallet(TOKENS_MAX), "credit", 1)


def test_moves_leave_the_regeneration_clock_alone() -> None:
    wallet = a_wallet(10)
    for move in ("spend", "refund", "credit"):
        assert moved(wallet, move, 1).wallet.regenerated_at == NOON


def test_a_posting_after_an_earlier_one_tells_both_stories_in_order() -> None:
    first = moved(a_wallet(10), "spend", 1)
    second = moved(first.wallet, "refund", 1).after(first)
    assert [entry.amount for entry in second.entries] == [-1, 1]
    assert second.wallet.balance == Tokens(10)
