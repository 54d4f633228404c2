from datetime import timedelta

import pytest

from faults import FaultyTransactions, database_fails
from services import Services
from spike_core.domain.accounts import Email
from spike_core.domain.errors import DatabaseUnavailable, EmailTaken, Unauthenticated, UserNotFound
from spike_core.domain.ledger import EntryKind
from spike_core.domain.secrets import API_KEY_PREFIX, Secret
from spike_core.domain.tokens import Tokens
from spike_core.services.accounts import SESSION_LIFETIME
from spike_memory import MemoryTransactions

ADA = Email.parse("ada@example.org")


def test_a_new_user_has_a_wallet_with_the_opening_grant(services: Services) -> None:
    registered = services.accounts.registration.register(ADA)
    assert registered.balance == Tokens(100)
    assert services.balance(registered.user.id) == 100
    assert services.story(registered.user.id) == [(EntryKind.EARN_BONUS.value, 100)]
    assert services.findings() == []


@pytest.mark.parametrize("tokens", [0, 1, 5000])
def test_another_opening_balance_can_be_asked_for(services: Services, tokens: int) -> None:
    registered = services.accounts.registration.register(ADA, tokens=Tokens(tokens))
    assert registered.balance == Tokens(tokens)
    assert services.balance(registered.user.id) == tokens
    assert services.findings() == []


def test_both_secrets_speak_for_the_new_user(services: Services) -> None:
    registered = services.register()
    for secret in (registered.session_token, registered.api_key):
        assert services.accounts.authentication.authenticate(secret) == registered.user.id
    assert registered.api_key.text.startswith(API_KEY_PREFIX)
    assert registered.session_token != registered.api_key


def test_secrets_of_different_users_are_not_confused(services: Services) -> None:
    ada, eve = services.register(), services.register("eve@example.org")
    assert services.accounts.authentication.authenticate(ada.api_key) == ada.user.id
    assert services.accounts.authentication.authenticate(eve.api_key) == eve.user.id


def test_nothing_stored_and_nothing_shown_holds_a_secret_in_the_clear(services: Services) -> None:
    registered = services.register()
    with services.transactions.view() as tx:
        session = tx.sessions.get(registered.session_token.hash)
        key = tx.api_keys.by_hash(registered.api_key.hash)
    shown = f"{session!r} {key!r} {registered!r}"
    assert registered.session_token.text not in shown
    assert registered.api_key.text not in shown
    assert registered.api_key.text.startswith(key.shown)


@pytest.mark.parametrize("email", ["ada@example.org", " ADA@Example.org "])
def test_registering_an_address_twice_is_refused_and_changes_nothing(services: Services, email: str) -> None:
    first = services.register(tokens=7)
    before = services.inventory()
    with pytest.raises(EmailTaken):
        services.register(email, tokens=50)
    services.check_nothing_but_time_passed(before)
    with services.transactions.view() as tx:
        assert tx.users.user_by_email(ADA) == first.user
    assert services.accounts.authentication.authenticate(first.session_token) == first.user.id


@pytest.mark.parametrize("moment", ["before_begin", "before_commit"])
def test_a_registration_that_fails_leaves_no_user(moment: str) -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    getattr(transactions, moment).append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        services.register()
    assert services.inventory().wallets == {}
    with services.transactions.view() as tx, pytest.raises(UserNotFound):
        tx.users.user_by_email(ADA)
    assert services.register().balance == Tokens(100)


@pytest.mark.parametrize("text", ["", "nonsense", "sk_live_nonsense", "sk_live_", "\ud800", "é", "x" * 100_000])
def test_an_unknown_secret_is_refused(services: Services, text: str) -> None:
    services.register()
    with pytest.raises(Unauthenticated):
        services.accounts.authentication.authenticate(Secret(text))


def test_a_hash_is_no_secret(services: Services) -> None:
    """A reader of the database can't sign in with a hash."""
    registered = services.register()
    for secret in (registered.session_token, registered.api_key):
        with pytest.raises(Unauthenticated):
            services.accounts.authentication.authenticate(Secret(secret.hash.text))
        with pytest.raises(Unauthenticated):
            services.accounts.authentication.authenticate(Secret(API_KEY_PREFIX + secret.hash.text))


def test_a_secret_is_compared_whole(services: Services) -> None:
    registered = services.register()
    for secret in (registered.session_token, registered.api_key):
        for text in (secret.text[:-1], secret.text + "x", secret.text.upper() + " ", f" {secret.text}"):
            with pytest.raises(Unauthenticated):
                services.accounts.authentication.authenticate(Secret(text))


def test_a_session_ends_when_its_time_is_over_and_the_key_goes_on(services: Services) -> None:
    registered = services.register()
    services.pass_time(SESSION_LIFETIME - timedelta(microseconds=1))
    assert services.accounts.authentication.authenticate(registered.session_token) == registered.user.id
    services.pass_time(timedelta(microseconds=1))
    with pytest.raises(Unauthenticated):
        services.accounts.authentication.authenticate(registered.session_token)
    assert services.accounts.authentication.authenticate(registered.api_key) == registered.user.id
