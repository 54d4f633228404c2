"""Two servers, restarted one after the other under load: no request is lost, and none is charged without its image."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from effort import long
from fleet import IMPATIENT, check_audit
from rolling_load import ROUNDS, Load, Pair
from servers.nginx import UNLIMITED, nginx_before

GRANT: Final = 100_000
PRICE: Final = 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def settings(redis_url: str, postgres_url: str) -> dict[str, str]:
    return {
        **IMPATIENT,
        "SPIKE_BROKER_URL": redis_url,
        "SPIKE_RATE_LIMIT_URL": redis_url,
        "SPIKE_DATABASE_URL": postgres_url,
        "SPIKE_OPENING_GRANT": str(GRANT),
    }


@pytest.fixture
def pair(folder: Path, settings: dict[str, str]) -> Iterator[Pair]:
    pair = Pair(folder, settings)
    with closing(pair):
        pair.start()
        yield pair


def restarted_under(load: Load, pair: Pair) -> None:
    """Restart both servers in turn, twice, under load."""
    with load.running():
        for _ in range(ROUNDS):
            for number in (0, 1):
                load.go_on()
                pair.restart(number)
        load.go_on()


def check_books(pair: Pair, load: Load) -> None:
    """Assert that every upload succeeded and was charged, and that every invariant holds."""
    assert {answer.status for answer in load.answers} == {200}
    answer = pair.servers[0].ask("GET", "/api/tokens/balance", token=load.token)
    assert GRANT - answer.json["balance"] == PRICE * len(load.answers)
    check_audit(pair.folder, **pair.settings)


@long(
    kept_by="tests/integration/faults/test_rolling_restart.py::test_servers_and_workers_restarted_in_turns_lose_no_request_and_no_job"
)
def test_a_client_that_goes_elsewhere_when_it_is_refused_loses_no_request(pair: Pair) -> None:
    load = Load(pair.ports, pair.servers[0].token)
    restarted_under(load, pair)
    check_books(pair, load)


@long(
    kept_by="tests/integration/faults/test_rolling_restart.py::test_servers_and_workers_restarted_in_turns_lose_no_request_and_no_job"
)
def test_behind_nginx_no_request_is_lost(pair: Pair) -> None:
    """The client uses only nginx, with the configuration of `deploy/`, and repeats nothing."""
    with nginx_before(*pair.ports, changes=UNLIMITED) as port:
        load = Load([port], pair.servers[0].token)
        restarted_under(load, pair)
        check_books(pair, load)
