from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import Services
from spike_contracts.builders import an_owner
from spike_core.domain.accounts import Email
from spike_core.domain.errors import InvalidValue, UserNotFound, WalletNotFound
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.ledger import LedgerTotals
from spike_core.domain.limits import PAGE_SIZE_MAX
from spike_core.domain.tokens import Tokens

QUARTER = timedelta(minutes=15)


def test_an_account_tells_balance_cap_next_token_and_totals(services: Services) -> None:
    owner = services.owner(tokens=10)
    services.accept(owner)
    services.jobs.cancellation.cancel(owner, services.accept(owner).id)
    account = services.wallets.account(owner)
    assert (account.wallet.balance, account.cap) == (Tokens(8), Tokens(100))
    assert account.next_token_at == services.clock.now() + QUARTER
    assert account.totals == LedgerTotals(earned=Tokens(10), spent=Tokens(4), refunded=Tokens(2), entries=4)


def test_looking_at_an_account_counts_what_came_back_and_stores_nothing(services: Services) -> None:
    owner = services.owner(tokens=10)
    services.pass_time(2.5 * QUARTER)
    before = services.inventory()
    account = services.wallets.account(owner)
    assert account.wallet.balance == Tokens(12)
    assert account.next_token_at == services.clock.now() + QUARTER / 2
    assert account.totals.earned == Tokens(12)
    services.check_nothing_but_time_passed(before)


def test_the_totals_explain_the_balance_at_any_time(services: Services) -> None:
    owner = services.owner(tokens=10)
    for _ in range(5):
        services.pass_time(QUARTER)
        services.accept(owner)
        account = services.wallets.account(owner)
        assert account.totals.balance == account.wallet.balance


@pytest.mark.parametrize("tokens", [100, 500])
def test_a_full_wallet_has_no_next_token(services: Services, tokens: int) -> None:
    assert services.wallets.account(services.owner(tokens=tokens)).next_token_at is None


def test_an_owner_without_a_wallet_has_no_account(services: Services) -> None:
    with pytest.raises(WalletNotFound):
        services.wallets.account(an_owner())


@given(grants=st.integers(0, 12), limit=st.integers(1, 5))
def test_the_pages_of_a_history_are_the_whole_ledger_newest_first(grants: int, limit: int) -> None:
    services = Services.build()
    owner = services.owner(tokens=1)
    for number in range(grants):
        services.wallets.grant(Email.parse("ada@example.org"), Tokens(number + 1))
    seen: list[int] = []
    before: int | None = None
    while True:
        page = services.wallets.history(owner, before=before, limit=limit)
        assert len(page.entries) <= limit
        seen += [entry.sequence for entry in page.entries]
        before = page.next_before
        if before is None:
            break
        assert len(page.entries) == limit
    assert seen == list(range(grants + 1, 0, -1))


def test_a_page_is_not_moved_by_what_happens_meanwhile(services: Services) -> None:
    owner = services.owner()
    for _ in range(3):
        services.accept(owner)
    first = services.wallets.history(owner, limit=2)
    services.accept(owner)
    second = services.wallets.history(owner, before=first.next_before, limit=2)
    assert [entry.sequence for entry in (*first.entries, *second.entries)] == [4, 3, 2, 1]


def test_a_history_that_ends_with_the_page_says_so(services: Services) -> None:
    owner = services.owner()
    services.accept(owner)
    assert services.wallets.history(owner, limit=2).next_before is None
    assert services.wallets.history(owner, limit=1).next_before == 2


def test_a_history_is_its_owners_alone(services: Services) -> None:
    owner, other = services.owner(tokens=1), services.owner("eve@example.org", tokens=7)
    assert [entry.amount for entry in services.wallets.history(owner).entries] == [1]
    assert [entry.amount for entry in services.wallets.history(other).entries] == [7]
    assert services.wallets.history(an_owner()).entries == []


@pytest.mark.parametrize("limit", [0, PAGE_SIZE_MAX + 1])
def test_the_edge_must_not_let_other_page_sizes_pass(services: Services, limit: int) -> None:
    with pytest.raises(InvalidValue):
        services.wallets.history(services.owner(), limit=limit)


def test_a_grant_adds_to_what_came_back_and_may_exceed_the_cap(services: Services) -> None:
    owner = services.owner(tokens=98)
    services.pass_time(QUARTER)
    assert services.wallets.grant(Email.parse("ADA@example.org"), Tokens(1000)) == Tokens(1099)
    assert services.story(owner) == [("EARN_BONUS", 98), ("EARN_REGENERATION", 1), ("EARN_ADJUSTMENT", 1000)]
    assert services.findings() == []


def test_an_owner_of_an_app_is_granted_tokens_by_id(services: Services) -> None:
    services.wallets.open(OwnerId("42"), tokens=Tokens(1))
    assert services.wallets.grant(OwnerId("42"), Tokens(5)) == Tokens(6)
    assert services.story(OwnerId("42")) == [("EARN_BONUS", 1), ("EARN_ADJUSTMENT", 5)]


def test_a_grant_of_nothing_leaves_no_entry(services: Services) -> None:
    owner = services.owner(tokens=5)
    assert services.wallets.grant(Email.parse("ada@example.org"), Tokens(0)) == Tokens(5)
    assert services.story(owner) == [("EARN_BONUS", 5)]


def test_a_grant_to_nobody_changes_nothing(services: Services) -> None:
    services.owner()
    before = services.inventory()
    with pytest.raises(UserNotFound):
        services.wallets.grant(Email.parse("unknown@example.org"), Tokens(10))
    for tokens in (0, 10):
        with pytest.raises(WalletNotFound):
            services.wallets.grant(OwnerId("43"), Tokens(tokens))
    services.check_nothing_but_time_passed(before)


@given(st.lists(st.integers(0, 40), max_size=15))
def test_the_balance_does_not_depend_on_how_often_it_is_looked_at(minutes: list[int]) -> None:
    """I5, through the service: one wallet is read all the time, the other isn't."""
    watched, left_alone = Services.build(), Services.build()
    owners = watched.owner(tokens=90), left_alone.owner(tokens=90)
    for wait in minutes:
        for services in (watched, left_alone):
            services.pass_time(timedelta(minutes=wait))
        watched.wallets.account(owners[0])
    assert watched.balance(owners[0]) == left_alone.balance(owners[1]) == min(100, 90 + sum(minutes) // 15)
