from datetime import timedelta

import pytest

from services import Services
from spike_contracts.builders import a_body
from spike_core.domain.errors import Unauthenticated, UserNotFound
from spike_core.domain.identifiers import UserId
from spike_core.domain.secrets import Secret
from spike_core.services.accounts import SESSION_LIFETIME


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
