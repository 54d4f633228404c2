from datetime import timedelta

import pytest

from faults import FaultyTransactions, database_fails
from services import Services
from spike_core.domain.accounts import Email
from spike_core.domain.api_keys import ApiKeyName
from spike_core.domain.errors import (
    ApiKeyNotFound,
    DatabaseUnavailable,
    TooManyApiKeys,
    Unauthenticated,
    UserNotFound,
)
from spike_core.domain.identifiers import UserId
from spike_core.domain.limits import API_KEYS_ACTIVE_MAX, API_KEYS_REVOKED_SHOWN_MAX
from spike_core.domain.secrets import API_KEY_PREFIX
from spike_memory import MemoryTransactions

CI = ApiKeyName("ci")


@pytest.fixture
def ada(services: Services) -> UserId:
    return services.owner()


def test_a_new_key_speaks_for_its_user(services: Services, ada: UserId) -> None:
    new = services.accounts.api_keys.create(ada, CI)
    assert services.accounts.authentication.authenticate(new.secret) == ada
    assert new.secret.text.startswith(API_KEY_PREFIX)
    assert new.secret.text.startswith(new.key.shown)
    assert (new.key.name, new.key.created_at, new.key.revoked_at) == (CI, services.clock.now(), None)


def test_nothing_stored_holds_a_key_in_the_clear(services: Services, ada: UserId) -> None:
    new = services.accounts.api_keys.create(ada, CI)
    assert new.secret.text not in f"{services.accounts.api_keys.of(ada)!r} {new!r}"


def test_keys_are_listed_newest_first_the_revoked_among_them(services: Services, ada: UserId) -> None:
    [first] = services.accounts.api_keys.of(ada)
    made = []
    for name in ("second", "third", "fourth"):
        services.pass_time(timedelta(seconds=1))
        made.append(services.accounts.api_keys.create(ada, ApiKeyName(name)).key)
    revoked = services.accounts.api_keys.revoke(ada, made[1].id)
    assert list(services.accounts.api_keys.of(ada)) == [made[2], revoked, made[0], first]


def test_a_user_without_keys_is_shown_none(services: Services, ada: UserId) -> None:
    assert [key.user_id for key in services.accounts.api_keys.of(ada)] == [ada]
    assert services.accounts.api_keys.of(UserId.of("x" * 24)) == []


def test_an_active_key_is_listed_however_many_were_revoked_after_it(services: Services, ada: UserId) -> None:
    [first] = services.accounts.api_keys.of(ada)
    for _ in range(API_KEYS_REVOKED_SHOWN_MAX + 1):
        services.pass_time(timedelta(seconds=1))
        services.accounts.api_keys.revoke(ada, services.accounts.api_keys.create(ada, CI).key.id)
    listed = services.accounts.api_keys.of(ada)
    assert len(listed) == API_KEYS_REVOKED_SHOWN_MAX + 1
    assert listed[-1] == first


def test_a_revoked_key_is_refused_at_once_and_all_else_goes_on(services: Services) -> None:
    registered = services.register()
    ada = registered.user.id
    new = services.accounts.api_keys.create(ada, CI)
    services.accounts.api_keys.revoke(ada, new.key.id)
    with pytest.raises(Unauthenticated):
        services.accounts.authentication.authenticate(new.secret)
    for secret in (registered.session_token, registered.api_key):
        assert services.accounts.authentication.authenticate(secret) == ada


def test_revoking_again_keeps_the_first_time(services: Services, ada: UserId) -> None:
    new = services.accounts.api_keys.create(ada, CI)
    revoked = services.accounts.api_keys.revoke(ada, new.key.id)
    assert revoked.revoked_at == services.clock.now()
    services.pass_time(timedelta(hours=1))
    assert services.accounts.api_keys.revoke(ada, new.key.id) == revoked


def test_somebody_elses_key_cannot_be_revoked(services: Services, ada: UserId) -> None:
    eve = services.owner("eve@example.org")
    new = services.accounts.api_keys.create(ada, CI)
    with pytest.raises(ApiKeyNotFound):
        services.accounts.api_keys.revoke(eve, new.key.id)
    assert services.accounts.authentication.authenticate(new.secret) == ada


def test_an_eleventh_key_is_refused_and_leaves_nothing(services: Services, ada: UserId) -> None:
    """Registration created the first one."""
    for _ in range(API_KEYS_ACTIVE_MAX - 1):
        services.accounts.api_keys.create(ada, CI)
    before = services.accounts.api_keys.of(ada)
    with pytest.raises(TooManyApiKeys):
        services.accounts.api_keys.create(ada, CI)
    assert services.accounts.api_keys.of(ada) == before
    assert len(before) == API_KEYS_ACTIVE_MAX


def test_revoking_makes_room_and_others_keys_take_none(services: Services, ada: UserId) -> None:
    eve = services.owner("eve@example.org")
    for _ in range(API_KEYS_ACTIVE_MAX - 1):
        services.accounts.api_keys.create(ada, CI)
    assert services.accounts.api_keys.create(eve, CI).key.user_id == eve
    services.accounts.api_keys.revoke(ada, services.accounts.api_keys.of(ada)[0].id)
    assert services.accounts.api_keys.create(ada, CI).key.revoked_at is None


def test_nobody_has_no_keys(services: Services, ada: UserId) -> None:
    unknown = UserId.of("x" * 24)
    with pytest.raises(UserNotFound):
        services.accounts.api_keys.create(unknown, CI)
    with pytest.raises(UserNotFound):
        services.accounts.api_keys.revoke(unknown, services.accounts.api_keys.of(ada)[0].id)


def test_the_holder_of_an_address_is_found(services: Services, ada: UserId) -> None:
    assert services.accounts.api_keys.holder(Email.parse("Ada@example.org")) == ada
    with pytest.raises(UserNotFound):
        services.accounts.api_keys.holder(Email.parse("unknown@example.org"))


@pytest.mark.parametrize("moment", ["before_begin", "before_commit"])
def test_a_key_that_cannot_be_stored_is_none(moment: str) -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    ada = services.owner()
    before = services.accounts.api_keys.of(ada)
    getattr(transactions, moment).append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        services.accounts.api_keys.create(ada, CI)
    assert services.accounts.api_keys.of(ada) == before
