from datetime import timedelta

import pytest

from faults import FaultyTransactions, database_fails
from house import House
from spike_core.domain.accounts import API_KEY_PREFIX, Email
from spike_core.domain.api_keys import ApiKeyName
from spike_core.domain.errors import (
    ApiKeyNotFound,
    DatabaseUnavailable,
    TooManyApiKeys,
    Unauthenticated,
    UserNotFound,
)
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.limits import API_KEYS_ACTIVE_MAX, API_KEYS_REVOKED_SHOWN_MAX
from spike_memory import MemoryTransactions

CI = ApiKeyName("ci")


@pytest.fixture
def ada(house: House) -> OwnerId:
    return house.owner()


def test_a_new_key_speaks_for_its_user(house: House, ada: OwnerId) -> None:
    new = house.keyring.create(ada, CI)
    assert house.authentication.authenticate(new.secret) == ada
    assert new.secret.text.startswith(API_KEY_PREFIX)
    assert new.secret.text.startswith(new.key.shown)
    assert (new.key.name, new.key.created_at, new.key.revoked_at) == (CI, house.clock.now(), None)


def test_nothing_stored_holds_a_key_in_the_clear(house: House, ada: OwnerId) -> None:
    new = house.keyring.create(ada, CI)
    assert new.secret.text not in f"{house.keyring.of(ada)!r} {new!r}"


def test_keys_are_listed_newest_first_the_revoked_among_them(house: House, ada: OwnerId) -> None:
    [first] = house.keyring.of(ada)
    made = []
    for name in ("second", "third", "fourth"):
        house.pass_time(timedelta(seconds=1))
        made.append(house.keyring.create(ada, ApiKeyName(name)).key)
    revoked = house.keyring.revoke(ada, made[1].id)
    assert list(house.keyring.of(ada)) == [made[2], revoked, made[0], first]


def test_a_user_without_keys_is_shown_none(house: House, ada: OwnerId) -> None:
    assert [key.user_id for key in house.keyring.of(ada)] == [ada]
    assert house.keyring.of(OwnerId.of("x" * 24)) == []


def test_an_active_key_is_listed_however_many_were_revoked_after_it(house: House, ada: OwnerId) -> None:
    [first] = house.keyring.of(ada)
    for _ in range(API_KEYS_REVOKED_SHOWN_MAX + 1):
        house.pass_time(timedelta(seconds=1))
        house.keyring.revoke(ada, house.keyring.create(ada, CI).key.id)
    listed = house.keyring.of(ada)
    assert len(listed) == API_KEYS_REVOKED_SHOWN_MAX + 1
    assert listed[-1] == first


def test_a_revoked_key_is_refused_at_once_and_all_else_goes_on(house: House) -> None:
    registered = house.register()
    ada = registered.user.id
    new = house.keyring.create(ada, CI)
    house.keyring.revoke(ada, new.key.id)
    with pytest.raises(Unauthenticated):
        house.authentication.authenticate(new.secret)
    for secret in (registered.session_token, registered.api_key):
        assert house.authentication.authenticate(secret) == ada


def test_revoking_again_keeps_the_first_time(house: House, ada: OwnerId) -> None:
    new = house.keyring.create(ada, CI)
    revoked = house.keyring.revoke(ada, new.key.id)
    assert revoked.revoked_at == house.clock.now()
    house.pass_time(timedelta(hours=1))
    assert house.keyring.revoke(ada, new.key.id) == revoked


def test_somebody_elses_key_cannot_be_revoked(house: House, ada: OwnerId) -> None:
    eve = house.owner("eve@example.org")
    new = house.keyring.create(ada, CI)
    with pytest.raises(ApiKeyNotFound):
        house.keyring.revoke(eve, new.key.id)
    assert house.authentication.authenticate(new.secret) == ada


def test_an_eleventh_key_is_refused_and_leaves_nothing(house: House, ada: OwnerId) -> None:
    """Registration gave the first one."""
    for _ in range(API_KEYS_ACTIVE_MAX - 1):
        house.keyring.create(ada, CI)
    before = house.keyring.of(ada)
    with pytest.raises(TooManyApiKeys):
        house.keyring.create(ada, CI)
    assert house.keyring.of(ada) == before
    assert len(before) == API_KEYS_ACTIVE_MAX


def test_revoking_makes_room_and_others_keys_take_none(house: House, ada: OwnerId) -> None:
    eve = house.owner("eve@example.org")
    for _ in range(API_KEYS_ACTIVE_MAX - 1):
        house.keyring.create(ada, CI)
    assert house.keyring.create(eve, CI).key.user_id == eve
    house.keyring.revoke(ada, house.keyring.of(ada)[0].id)
    assert house.keyring.create(ada, CI).key.is_active


def test_nobody_has_no_keys(house: House, ada: OwnerId) -> None:
    nobody = OwnerId.of("x" * 24)
    with pytest.raises(UserNotFound):
        house.keyring.create(nobody, CI)
    with pytest.raises(UserNotFound):
        house.keyring.revoke(nobody, house.keyring.of(ada)[0].id)


def test_the_holder_of_an_address_is_found(house: House, ada: OwnerId) -> None:
    assert house.keyring.holder(Email.parse("Ada@example.org")) == ada
    with pytest.raises(UserNotFound):
        house.keyring.holder(Email.parse("nobody@example.org"))


@pytest.mark.parametrize("moment", ["before_begin", "before_commit"])
def test_a_key_that_cannot_be_stored_is_none(moment: str) -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    ada = house.owner()
    before = house.keyring.of(ada)
    getattr(transactions, moment).append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        house.keyring.create(ada, CI)
    assert house.keyring.of(ada) == before
