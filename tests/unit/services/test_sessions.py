from datetime import timedelta

import pytest

from house import House
from spike_contracts.builders import a_body
from spike_core.domain.accounts import Secret
from spike_core.domain.errors import Unauthenticated, UserNotFound
from spike_core.domain.identifiers import UserId
from spike_core.services.accounts import SESSION_LIFETIME


def test_an_opened_session_speaks_for_its_user_until_it_ends(house: House) -> None:
    user = house.register().user
    opened = house.sessions.open(user.id)
    assert opened.user == user == house.sessions.user(user.id)
    assert opened.expires_at == house.clock.now() + SESSION_LIFETIME
    assert house.authentication.authenticate(opened.token) == user.id
    house.pass_time(SESSION_LIFETIME - timedelta(seconds=1))
    assert house.authentication.authenticate(opened.token) == user.id
    house.pass_time(timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        house.authentication.authenticate(opened.token)


def test_closing_one_session_leaves_the_others_open(house: House) -> None:
    registered = house.register()
    first, second = (house.sessions.open(registered.user.id) for _time in range(2))
    house.sessions.close(first.token)
    with pytest.raises(Unauthenticated):
        house.authentication.authenticate(first.token)
    for token in (second.token, registered.session_token):
        assert house.authentication.authenticate(token) == registered.user.id


def test_closing_what_is_not_open_is_no_error(house: House) -> None:
    house.sessions.close(Secret("never seen"))


def test_nobody_unknown_gets_a_session(house: House) -> None:
    with pytest.raises(UserNotFound):
        house.sessions.open(UserId.of(a_body()))


def test_expired_sessions_are_forgotten_and_those_that_live_stay(house: House) -> None:
    user = house.register().user
    house.sessions.open(user.id)
    house.pass_time(SESSION_LIFETIME)
    live = house.sessions.open(user.id)
    house.pass_time(timedelta(seconds=1))
    assert house.sessions.purge() == 2
    assert house.sessions.purge() == 0
    assert house.authentication.authenticate(live.token) == user.id
