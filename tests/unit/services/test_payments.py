"""Wallets of owners that an app keeps itself, credited and debited once per reference."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import Services
from spike_core.application import Policies
from spike_core.domain.accounts import Email
from spike_core.domain.errors import (
    InvalidIdentifier,
    InvalidValue,
    NotEnoughTokens,
    ReferenceReused,
    UserNotFound,
    WalletNotFound,
)
from spike_core.domain.identifiers import ANONYMOUS, OwnerId, UserId
from spike_core.domain.ledger import EARN_KINDS, EntryKind, LedgerTotals, Reference
from spike_core.domain.regeneration_policy import RegenerationPolicy
from spike_core.domain.tokens import TOKENS_MAX, Tokens
from spike_memory import InMemorySpike

OWNER: Final = OwnerId.parse("42")
HOUR: Final = timedelta(hours=1)
PAYMENT: Final = Reference("pi_1")


@pytest.fixture
def owner(services: Services) -> OwnerId:
    return services.wallets.open(OWNER, tokens=Tokens(10)).owner_id


def test_a_wallet_is_opened_once_with_the_opening_grant(services: Services) -> None:
    opened = services.wallets.open(OWNER)
    assert opened.balance == Tokens(100)
    services.accept(OWNER)
    again = services.wallets.open(OWNER, tokens=Tokens(500))
    assert again.balance == Tokens(98)
    assert services.story(OWNER) == [("EARN_BONUS", 100), ("SPEND_ENHANCEMENT", -2)]


@pytest.mark.parametrize("text", [ANONYMOUS.text, "", "a b", "x" * 129])
def test_no_wallet_is_opened_for_an_id_that_no_owner_may_have(services: Services, text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        services.wallets.open(OwnerId(text))
    assert services.inventory().wallets == {}


def test_a_repeated_credit_returns_the_first_result_and_changes_nothing(services: Services, owner: OwnerId) -> None:
    first = services.wallets.credit(owner, Tokens(50), reference=PAYMENT)
    assert (first.kind, first.amount, first.balance_after) == (EntryKind.EARN_PURCHASE, 50, Tokens(60))
    services.pass_time(HOUR)
    before = services.inventory()
    assert services.wallets.credit(owner, Tokens(50), reference=PAYMENT, reason="repeated") == first
    services.check_nothing_but_time_passed(before)
    assert services.findings() == []


def test_a_repeated_debit_returns_the_first_result_and_changes_nothing(services: Services, owner: OwnerId) -> None:
    first = services.wallets.debit(owner, Tokens(4), reference=PAYMENT)
    assert (first.kind, first.amount, first.balance_after) == (EntryKind.SPEND_ADJUSTMENT, -4, Tokens(6))
    before = services.inventory()
    assert services.wallets.debit(owner, Tokens(4), reference=PAYMENT) == first
    services.check_nothing_but_time_passed(before)
    totals = services.wallets.account(owner).totals
    assert totals == LedgerTotals(earned=Tokens(10), spent=Tokens(4), refunded=Tokens(0), entries=2)
    assert services.budgets.of(owner).parked == Tokens(0)
    assert services.findings() == []


@pytest.mark.parametrize(
    "again",
    [
        lambda wallets: wallets.credit(OWNER, Tokens(51), reference=PAYMENT),
        lambda wallets: wallets.credit(OWNER, Tokens(50), reference=PAYMENT, kind=EntryKind.EARN_BONUS),
        lambda wallets: wallets.debit(OWNER, Tokens(50), reference=PAYMENT),
    ],
)
def test_a_reference_with_another_effect_is_refused(
    services: Services, owner: OwnerId, again: Callable[[Any], object]
) -> None:
    services.wallets.credit(owner, Tokens(50), reference=PAYMENT)
    before = services.inventory()
    with pytest.raises(ReferenceReused, match="pi_1") as refusal:
        again(services.wallets)
    assert (refusal.value.code, refusal.value.reference) == ("reference_reused", "pi_1")
    services.check_nothing_but_time_passed(before)


def test_two_owners_may_have_the_same_reference(services: Services, owner: OwnerId) -> None:
    other = services.wallets.open(OwnerId("43"), tokens=Tokens(0)).owner_id
    services.wallets.credit(owner, Tokens(5), reference=PAYMENT)
    services.wallets.credit(other, Tokens(6), reference=PAYMENT)
    assert (services.balance(owner), services.balance(other)) == (15, 6)


def test_a_debit_below_zero_takes_nothing_and_can_be_repeated_later(services: Services, owner: OwnerId) -> None:
    before = services.inventory()
    with pytest.raises(NotEnoughTokens) as refusal:
        services.wallets.debit(owner, Tokens(11), reference=PAYMENT)
    assert (refusal.value.required, refusal.value.balance) == (11, 10)
    services.check_nothing_but_time_passed(before)
    services.wallets.credit(owner, Tokens(1), reference=Reference("pi_2"))
    assert services.wallets.debit(owner, Tokens(11), reference=PAYMENT).balance_after == Tokens(0)


def test_a_debit_takes_what_has_regenerated_too(services: Services, owner: OwnerId) -> None:
    services.pass_time(HOUR)
    assert services.wallets.debit(owner, Tokens(14), reference=PAYMENT).balance_after == Tokens(0)
    assert services.story(owner) == [("EARN_BONUS", 10), ("EARN_REGENERATION", 4), ("SPEND_ADJUSTMENT", -14)]


@pytest.mark.parametrize("tokens", [0, TOKENS_MAX])
def test_nothing_and_too_much_cant_be_credited(services: Services, owner: OwnerId, tokens: int) -> None:
    with pytest.raises(InvalidValue):
        services.wallets.credit(owner, Tokens(tokens), reference=PAYMENT)
    with pytest.raises((InvalidValue, NotEnoughTokens)):
        services.wallets.debit(owner, Tokens(tokens), reference=PAYMENT)
    assert services.story(owner) == [("EARN_BONUS", 10)]


@pytest.mark.parametrize("kind", [kind for kind in EntryKind if kind not in EARN_KINDS])
def test_a_credit_is_of_a_kind_that_adds(services: Services, owner: OwnerId, kind: EntryKind) -> None:
    with pytest.raises(InvalidValue):
        services.wallets.credit(owner, Tokens(1), reference=PAYMENT, kind=kind)


def test_an_owner_without_a_wallet_is_credited_and_debited_nothing(services: Services) -> None:
    for owner_id in (OWNER, ANONYMOUS):
        for move in (services.wallets.credit, services.wallets.debit):
            with pytest.raises((WalletNotFound, InvalidIdentifier)):
                move(owner_id, Tokens(1), reference=PAYMENT)
    assert services.inventory().wallets == {}


moves = st.lists(
    st.tuples(st.sampled_from(["credit", "debit"]), st.integers(1, 3), st.integers(0, 5), st.integers(0, 40)),
    max_size=20,
)


@given(moves)
def test_whatever_is_repeated_and_reordered_each_reference_counts_once(asked: list[tuple[str, int, int, int]]) -> None:
    """Invariant I1 holds, and the balance is what the first of each reference made of it."""
    services = Services.build()
    owner = services.wallets.open(OWNER, tokens=Tokens(100)).owner_id
    done: dict[int, tuple[str, int]] = {}
    for what, amount, number, minutes in asked:
        services.pass_time(timedelta(minutes=minutes))
        try:
            getattr(services.wallets, what)(owner, Tokens(amount), reference=Reference(f"r{number}"))
        except ReferenceReused:
            assert done[number] != (what, amount)
            continue
        assert done.setdefault(number, (what, amount)) == (what, amount)
    kinds = {"credit": 1, "debit": -1}
    told_once = sum(kinds[what] * amount for what, amount in done.values())
    moved = [entry for entry in services.inventory().ledgers[owner] if entry.reference is not None]
    assert sum(entry.amount for entry in moved) == told_once
    assert len(moved) == len(done)
    assert services.findings() == []


def test_users_are_looked_up_by_id_by_email_and_in_pages(services: Services) -> None:
    users = [services.register(f"{name}@example.org").user for name in "abc"]
    services.wallets.open(OWNER)
    found = services.accounts.users
    assert [found.by_id(user.id) for user in users] == users
    assert [found.by_email(user.email) for user in users] == users
    first = found.page(limit=2)
    second = found.page(after=first.next_after, limit=2)
    assert [*first.users, *second.users] == users
    assert (first.next_after, second.next_after) == (users[1].id, None)
    with pytest.raises(UserNotFound):
        found.by_id(UserId.of("z" * 24))
    with pytest.raises(UserNotFound):
        found.by_email(Email.parse("stranger@example.org"))
    with pytest.raises(InvalidValue):
        found.page(limit=0)


class ByPlan:
    """Two plans; an owner who isn't in the table is on the free one."""

    FREE: Final = RegenerationPolicy(interval=timedelta(hours=1), cap=Tokens(20))
    PRO: Final = RegenerationPolicy(interval=timedelta(minutes=1), cap=Tokens(200))

    def __init__(self) -> None:
        self.pro: set[OwnerId] = set()

    def of(self, owner_id: OwnerId) -> RegenerationPolicy:
        return self.PRO if owner_id in self.pro else self.FREE


def test_each_owners_wallet_follows_the_policy_of_its_owner() -> None:
    """Balance, cap, next token and audit; users of Spike's own included."""
    plans = ByPlan()
    spike = InMemorySpike.build(policies=Policies(regeneration=plans))
    ada = spike.accounts.registration.register(Email.parse("ada@example.org"), tokens=Tokens(10)).user.id
    plans.pro.add(OWNER)
    spike.wallets.open(OWNER, tokens=Tokens(10))
    spike.clock.advance(timedelta(hours=3))
    free, pro = spike.wallets.account(ada), spike.wallets.account(OWNER)
    assert (free.wallet.balance, free.cap, free.next_token_at) == (Tokens(13), Tokens(20), spike.clock.now() + HOUR)
    assert (pro.wallet.balance, pro.cap) == (Tokens(190), Tokens(200))
    spike.wallets.debit(OWNER, Tokens(190), reference=PAYMENT)
    assert list(spike.maintenance.audit.findings()) == []


def test_a_change_of_plan_takes_no_tokens_away() -> None:
    """What was shown is there, though it wasn't stored; from the next change on the new plan counts."""
    plans = ByPlan()
    plans.pro.add(OWNER)
    spike = InMemorySpike.build(policies=Policies(regeneration=plans))
    spike.wallets.open(OWNER, tokens=Tokens(0))
    spike.clock.advance(timedelta(minutes=150))
    assert spike.wallets.account(OWNER).wallet.balance == Tokens(150)
    plans.pro.clear()
    assert spike.wallets.account(OWNER).wallet.balance == Tokens(150)
    assert spike.wallets.account(OWNER).cap == Tokens(20)
    assert spike.wallets.regenerate(OWNER).balance == Tokens(150)
    spike.clock.advance(timedelta(days=9))
    assert spike.wallets.account(OWNER).wallet.balance == Tokens(150)
    spike.wallets.debit(OWNER, Tokens(149), reference=PAYMENT)
    spike.clock.advance(HOUR)
    assert spike.wallets.account(OWNER).wallet.balance == Tokens(2)
    assert list(spike.maintenance.audit.findings()) == []


def test_no_credit_leaves_too_little_room_for_a_refund(services: Services, owner: OwnerId) -> None:
    """Tokens parked in a job come back above any cap, so the sum of all that was earned stays countable."""
    job_id = services.accept(owner).id
    with pytest.raises(InvalidValue, match="tokens"):
        services.wallets.credit(owner, Tokens(TOKENS_MAX - 8), reference=PAYMENT)
    services.jobs.cancellation.cancel(owner, job_id)
    services.wallets.credit(owner, Tokens(TOKENS_MAX - 10), reference=PAYMENT)
    assert services.wallets.account(owner).wallet.balance == Tokens(TOKENS_MAX)
