from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from services import Services
from spike_contracts.builders import a_body
from spike_core.domain.errors import DatabaseUnavailable, Unauthenticated, UserNotFound
from spike_core.domain.identifiers import UserId
from spike_core.domain.secrets import Secret
from spike_core.ports.transactions import Transaction
from spike_core.services.accounts import SESSION_LIFETIME
from spike_memory import MemoryTransactions


def test_an_opened_session_speaks_for_its_user_until_it_ends(services: Services) -> None:
    user = services.register().user
    opened = services.accounts.sessions.open(user.id)
    assert opened.user == user == services.accounts.sessions.user(user.id)
    assert opened.expires_at == services.clock.now() + SESSION_LIFETIME
    assert services.accounts.authentication.authenticate(opened.token) == user.id
    services.pass_time(SESSION_LIFETIME - timedelta(seconds=1))
    assert services.accounts.authentication.authenticate(opened.token) == user.id
    services.pass_time(timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        services.accounts.authentication.authenticate(opened.token)


def test_closing_one_session_leaves_the_others_open(services: Services) -> None:
    registered = services.register()
    first, second = (services.accounts.sessions.open(registered.user.id) for _time in range(2))
    services.accounts.sessions.close(first.token)
    with pytest.raises(Unauthenticated):
        services.accounts.authentication.authenticate(first.token)
    for token in (second.token, registered.session_token):
        assert services.accounts.authentication.authenticate(token) == registered.user.id


def test_closing_what_is_not_open_is_no_error(services: Services) -> None:
    services.accounts.sessions.close(Secret("never seen"))


def test_nobody_unknown_gets_a_session(services: Services) -> None:
    with pytest.raises(UserNotFound):
        services.accounts.sessions.open(UserId.of(a_body()))


def test_expired_sessions_are_forgotten_and_those_that_live_stay(services: Services) -> None:
    user = services.register().user
    services.accounts.sessions.open(user.id)
    services.pass_time(SESSION_LIFETIME)
    live = services.accounts.sessions.open(user.id)
    services.pass_time(timedelta(seconds=1))
    assert services.accounts.sessions.purge() == 2
    assert services.accounts.sessions.purge() == 0
    assert services.accounts.authentication.authenticate(live.token) == user.id


def test_a_sign_in_link_opens_one_session_and_nothing_else(services: Services) -> None:
    user = services.register().user
    link = services.accounts.sessions.open_link(user.id)
    with pytest.raises(Unauthenticated):
        services.accounts.authentication.authenticate(link.token)
    opened = services.accounts.sessions.redeem(link.token)
    assert services.accounts.authentication.authenticate(opened.token) == user.id
    assert opened.expires_at == services.clock.now() + SESSION_LIFETIME
    for token in (link.token, opened.token):
        with pytest.raises(Unauthenticated):
            services.accounts.sessions.redeem(token)
    assert services.accounts.authentication.authenticate(opened.token) == user.id


def test_a_sign_in_link_is_valid_for_an_hour(services: Services) -> None:
    link = services.accounts.sessions.open_link(services.owner())
    services.pass_time(timedelta(hours=1))
    with pytest.raises(Unauthenticated):
        services.accounts.sessions.redeem(link.token)


def test_signing_out_everywhere_leaves_no_session_and_every_key(services: Services) -> None:
    registered, eve = services.register(), services.register("eve@example.org")
    sessions = services.accounts.sessions
    opened, link = sessions.open(registered.user.id), sessions.open_link(registered.user.id)
    assert sessions.close_all(registered.user.id) == 3
    for token in (registered.session_token, opened.token):
        with pytest.raises(Unauthenticated):
            services.accounts.authentication.authenticate(token)
    with pytest.raises(Unauthenticated):
        sessions.redeem(link.token)
    for secret, user in ((registered.api_key, registered.user), (eve.session_token, eve.user)):
        assert services.accounts.authentication.authenticate(secret) == user.id


def test_live_sessions_are_listed_with_their_last_use(services: Services) -> None:
    registered = services.register()
    sessions, user_id = services.accounts.sessions, registered.user.id
    services.pass_time(SESSION_LIFETIME - timedelta(hours=1))
    opened = sessions.open(user_id)
    sessions.open_link(user_id)
    assert [session.hash for session in sessions.of(user_id)] == [opened.token.hash, registered.session_token.hash]
    services.pass_time(timedelta(hours=1))
    assert [session.hash for session in sessions.of(user_id)] == [opened.token.hash]


class CountedTransactions(MemoryTransactions):
    """Counts transactions that write; may be read-only for a while."""

    written = 0
    is_read_only = False

    def begin(self) -> AbstractContextManager[Transaction]:
        self.written += 1
        if self.is_read_only:
            raise DatabaseUnavailable
        return super().begin()


def test_the_use_of_a_session_is_written_once_in_ten_minutes(transactions: CountedTransactions) -> None:
    services = Services.build(transactions=transactions)
    registered = services.register()
    [session] = services.accounts.sessions.of(registered.user.id)
    before = transactions.written
    for _request in range(30):
        services.pass_time(timedelta(minutes=1))
        services.accounts.authentication.authenticate(registered.session_token)
        [seen] = services.accounts.sessions.of(registered.user.id)
        assert services.clock.now() - seen.last_used_at < timedelta(minutes=10)
    assert transactions.written - before == 3
    assert seen.last_used_at == session.created_at + timedelta(minutes=30)


def test_a_database_that_cant_be_written_fails_no_request_and_is_tried_once(transactions: CountedTransactions) -> None:
    services = Services.build(transactions=transactions)
    registered = services.register()
    services.pass_time(timedelta(minutes=10))
    transactions.is_read_only, before = True, transactions.written
    for _request in range(3):
        assert services.accounts.authentication.authenticate(registered.session_token) == registered.user.id
    assert transactions.written - before == 1


@pytest.fixture
def transactions() -> CountedTransactions:
    return CountedTransactions()
