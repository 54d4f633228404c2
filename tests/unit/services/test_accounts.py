from datetime import timedelta

import pytest

from faults import FaultyTransactions, database_fails
from house import House
from spike_core.domain.accounts import API_KEY_PREFIX, Email, Secret
from spike_core.domain.errors import DatabaseUnavailable, EmailTaken, Unauthenticated, UserNotFound
from spike_core.domain.ledger import EntryKind
from spike_core.domain.tokens import Tokens
from spike_core.services.accounts import SESSION_LIFETIME
from spike_memory import MemoryTransactions

ADA = Email.parse("ada@example.org")


def test_a_new_user_has_a_wallet_with_the_opening_grant(house: House) -> None:
    registered = house.registration.register(ADA)
    assert registered.balance == Tokens(100)
    assert house.balance(registered.user.id) == 100
    assert house.story(registered.user.id) == [(EntryKind.EARN_BONUS.value, 100)]
    assert house.findings() == []


@pytest.mark.parametrize("tokens", [0, 1, 5000])
def test_another_opening_balance_can_be_asked_for(house: House, tokens: int) -> None:
    registered = house.registration.register(ADA, tokens=Tokens(tokens))
    assert registered.balance == Tokens(tokens)
    assert house.balance(registered.user.id) == tokens
    assert house.findings() == []


def test_both_secrets_speak_for_the_new_user(house: House) -> None:
    registered = house.register()
    for secret in (registered.session_token, registered.api_key):
        assert house.authentication.authenticate(secret) == registered.user.id
    assert registered.api_key.text.startswith(API_KEY_PREFIX)
    assert registered.session_token != registered.api_key


def test_secrets_of_different_users_are_not_confused(house: House) -> None:
    ada, eve = house.register(), house.register("eve@example.org")
    assert house.authentication.authenticate(ada.api_key) == ada.user.id
    assert house.authentication.authenticate(eve.api_key) == eve.user.id


def test_nothing_stored_and_nothing_shown_holds_a_secret_in_the_clear(house: House) -> None:
    registered = house.register()
    with house.transactions.view() as tx:
        session = tx.sessions.get(registered.session_token.hash)
        key = tx.api_keys.by_hash(registered.api_key.hash)
    shown = f"{session!r} {key!r} {registered!r}"
    assert registered.session_token.text not in shown
    assert registered.api_key.text not in shown
    assert registered.api_key.text.startswith(key.shown)


@pytest.mark.parametrize("email", ["ada@example.org", " ADA@Example.org "])
def test_registering_an_address_twice_is_refused_and_changes_nothing(house: House, email: str) -> None:
    first = house.register(tokens=7)
    before = house.inventory()
    with pytest.raises(EmailTaken):
        house.register(email, tokens=50)
    house.check_nothing_but_time_passed(before)
    with house.transactions.view() as tx:
        assert tx.accounts.user_by_email(ADA) == first.user
    assert house.authentication.authenticate(first.session_token) == first.user.id


@pytest.mark.parametrize("moment", ["before_begin", "before_commit"])
def test_a_registration_that_fails_leaves_no_user(moment: str) -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    getattr(transactions, moment).append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        house.register()
    assert house.inventory().wallets == {}
    with house.transactions.view() as tx, pytest.raises(UserNotFound):
        tx.accounts.user_by_email(ADA)
    assert house.register().balance == Tokens(100)


@pytest.mark.parametrize("text", ["", "nonsense", "sk_live_nonsense", "sk_live_", "\ud800", "é", "x" * 100_000])
def test_an_unknown_secret_is_refused(house: House, text: str) -> None:
    house.register()
    with pytest.raises(Unauthenticated):
        house.authentication.authenticate(Secret(text))


def test_a_hash_is_no_secret(house: House) -> None:
    """Who reads the database can't sign in with what he finds there."""
    registered = house.register()
    for secret in (registered.session_token, registered.api_key):
        with pytest.raises(Unauthenticated):
            house.authentication.authenticate(Secret(secret.hash.text))
        with pytest.raises(Unauthenticated):
            house.authentication.authenticate(Secret(API_KEY_PREFIX + secret.hash.text))


def test_a_secret_is_compared_whole(house: House) -> None:
    registered = house.register()
    for secret in (registered.session_token, registered.api_key):
        for text in (secret.text[:-1], secret.text + "x", secret.text.upper() + " ", f" {secret.text}"):
            with pytest.raises(Unauthenticated):
                house.authentication.authenticate(Secret(text))


def test_a_session_ends_when_its_time_is_over_and_the_key_goes_on(house: House) -> None:
    registered = house.register()
    house.pass_time(SESSION_LIFETIME - timedelta(microseconds=1))
    assert house.authentication.authenticate(registered.session_token) == registered.user.id
    house.pass_time(timedelta(microseconds=1))
    with pytest.raises(Unauthenticated):
        house.authentication.authenticate(registered.session_token)
    assert house.authentication.authenticate(registered.api_key) == registered.user.id
