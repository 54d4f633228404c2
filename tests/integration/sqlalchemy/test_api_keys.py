"""API keys in a migrated database; the fixtures are defined in this folder."""

import threading
from collections.abc import Callable

import pytest

from spike_contracts.api_keys import ApiKeysContract
from spike_contracts.builders import NOON
from spike_contracts.users import a_user
from spike_core.domain.api_keys import ApiKeyName
from spike_core.domain.errors import TooManyApiKeys
from spike_core.domain.identifiers import UserId
from spike_core.domain.limits import API_KEYS_ACTIVE_MAX
from spike_core.services.api_keys import ApiKeys
from spike_memory import CountingIds, CountingSecrets, ManualClock
from spike_sqlalchemy import SqlAlchemyDatabase

THREADS = 4
TRIES = 5


class TestSqlAlchemyApiKeys(ApiKeysContract):
    """On SQLite and PostgreSQL."""


def _create_from_all_sides(keyrings: list[ApiKeys], user_id: UserId) -> int:
    """Request keys in a thread per service at the same time; return how many were refused."""
    refused = []
    start = threading.Barrier(len(keyrings))

    def create(api_keys: ApiKeys) -> None:
        start.wait()
        for _ in range(TRIES):
            try:
                api_keys.create(user_id, ApiKeyName("one more"))
            except TooManyApiKeys as error:
                refused.append(error)

    threads = [threading.Thread(target=create, args=(api_keys,)) for api_keys in keyrings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(refused)


@pytest.mark.parametrize("engines", [1, 2])
def test_however_many_ask_at_once_nobody_gets_an_eleventh_key(
    database: SqlAlchemyDatabase, another: Callable[[], SqlAlchemyDatabase], engines: int
) -> None:
    """Through one engine, or through two independent ones, as in two processes."""
    user = a_user()
    databases = [database, *(another() for _ in range(engines - 1))]
    with database.transactions.begin() as tx:
        tx.users.add_user(user)
    clock, ids, secrets = ManualClock(NOON), CountingIds(), CountingSecrets()
    keyrings = [
        ApiKeys(transactions=databases[number % engines].transactions, clock=clock, ids=ids, secrets=secrets)
        for number in range(THREADS)
    ]

    refused = _create_from_all_sides(keyrings, user.id)

    assert refused == THREADS * TRIES - API_KEYS_ACTIVE_MAX
    assert len(keyrings[0].of(user.id)) == API_KEYS_ACTIVE_MAX
