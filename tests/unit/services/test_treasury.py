from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from house import House
from spike_contracts.builders import an_owner
from spike_core.domain.accounts import Email
from spike_core.domain.errors import UserNotFound, WalletNotFound
from spike_core.domain.ledger import LedgerTotals
from spike_core.domain.limits import PAGE_SIZE_MAX
from spike_core.domain.tokens import Tokens

QUARTER = timedelta(minutes=15)


def test_an_account_tells_balance_cap_next_token_and_totals(house: House) -> None:
    owner = house.owner(tokens=10)
    house.accept(owner)
    house.cancellation.cancel(owner, house.accept(owner).id)
    account = house.treasury.account(owner)
    assert (account.wallet.balance, account.cap) == (Tokens(8), Tokens(100))
    assert account.next_token_at == house.clock.now() + QUARTER
    assert account.totals == LedgerTotals(earned=Tokens(10), spent=Tokens(4), refunded=Tokens(2), entries=4)


def test_looking_at_an_account_counts_what_came_back_and_stores_nothing(house: House) -> None:
    owner = house.owner(tokens=10)
    house.pass_time(2.5 * QUARTER)
    before = house.inventory()
    account = house.treasury.account(owner)
    assert account.wallet.balance == Tokens(12)
    assert account.next_token_at == house.clock.now() + QUARTER / 2
    assert account.totals.earned == Tokens(12)
    house.check_nothing_but_time_passed(before)


def test_the_totals_explain_the_balance_at_any_time(house: House) -> None:
    owner = house.owner(tokens=10)
    for _ in range(5):
        house.pass_time(QUARTER)
        house.accept(owner)
        account = house.treasury.account(owner)
        assert account.totals.balance == account.wallet.balance


@pytest.mark.parametrize("tokens", [100, 500])
def test_a_full_wallet_has_no_next_token(house: House, tokens: int) -> None:
    assert house.treasury.account(house.owner(tokens=tokens)).next_token_at is None


def test_an_owner_without_a_wallet_has_no_account(house: House) -> None:
    with pytest.raises(WalletNotFound):
        house.treasury.account(an_owner())


@given(grants=st.integers(0, 12), limit=st.integers(1, 5))
def test_the_pages_of_a_history_are_the_whole_ledger_newest_first(grants: int, limit: int) -> None:
    house = House.build()
    owner = house.owner(tokens=1)
    for number in range(grants):
        house.treasury.grant(Email.parse("ada@example.org"), Tokens(number + 1))
    seen: list[int] = []
    before: int | None = None
    while True:
        page = house.treasury.history(owner, before=before, limit=limit)
        assert len(page.entries) <= limit
        seen += [entry.sequence for entry in page.entries]
        before = page.next_before
        if before is None:
            break
        assert len(page.entries) == limit
    assert seen == list(range(grants + 1, 0, -1))


def test_a_page_is_not_moved_by_what_happens_meanwhile(house: House) -> None:
    owner = house.owner()
    for _ in range(3):
        house.accept(owner)
    first = house.treasury.history(owner, limit=2)
    house.accept(owner)
    second = house.treasury.history(owner, before=first.next_before, limit=2)
    assert [entry.sequence for entry in (*first.entries, *second.entries)] == [4, 3, 2, 1]


def test_a_history_that_ends_with_the_page_says_so(house: House) -> None:
    owner = house.owner()
    house.accept(owner)
    assert house.treasury.history(owner, limit=2).next_before is None
    assert house.treasury.history(owner, limit=1).next_before == 2


def test_a_history_is_its_owners_alone(house: House) -> None:
    owner, other = house.owner(tokens=1), house.owner("eve@example.org", tokens=7)
    assert [entry.amount for entry in house.treasury.history(owner).entries] == [1]
    assert [entry.amount for entry in house.treasury.history(other).entries] == [7]
    assert house.treasury.history(an_owner()).entries == []


@pytest.mark.parametrize("limit", [0, PAGE_SIZE_MAX + 1])
def test_the_edge_must_not_let_other_page_sizes_pass(house: House, limit: int) -> None:
    with pytest.raises(AssertionError):
        house.treasury.history(house.owner(), limit=limit)


def test_a_grant_adds_to_what_came_back_and_may_exceed_the_cap(house: House) -> None:
    owner = house.owner(tokens=98)
    house.pass_time(QUARTER)
    assert house.treasury.grant(Email.parse("ADA@example.org"), Tokens(1000)) == Tokens(1099)
    assert house.story(owner) == [("EARN_BONUS", 98), ("EARN_REGENERATION", 1), ("EARN_ADJUSTMENT", 1000)]
    assert house.findings() == []


def test_a_grant_of_nothing_leaves_no_entry(house: House) -> None:
    owner = house.owner(tokens=5)
    assert house.treasury.grant(Email.parse("ada@example.org"), Tokens(0)) == Tokens(5)
    assert house.story(owner) == [("EARN_BONUS", 5)]


def test_a_grant_to_nobody_changes_nothing(house: House) -> None:
    house.owner()
    before = house.inventory()
    with pytest.raises(UserNotFound):
        house.treasury.grant(Email.parse("nobody@example.org"), Tokens(10))
    house.check_nothing_but_time_passed(before)


@given(st.lists(st.integers(0, 40), max_size=15))
def test_the_balance_does_not_depend_on_how_often_it_is_looked_at(minutes: list[int]) -> None:
    """I5, through the service: one house is watched all the time, the other isn't."""
    watched, left_alone = House.build(), House.build()
    owners = watched.owner(tokens=90), left_alone.owner(tokens=90)
    for wait in minutes:
        for house in (watched, left_alone):
            house.pass_time(timedelta(minutes=wait))
        watched.treasury.account(owners[0])
    assert watched.balance(owners[0]) == left_alone.balance(owners[1]) == min(100, 90 + sum(minutes) // 15)
