"""Health checks report the state of each component, in time, and nothing else."""

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from attrs import field, frozen
from falcon import testing

from memory_spike import MemorySpike
from spike_core.domain.errors import DatabaseUnavailable, QueueUnavailable, StorageUnavailable
from spike_core.domain.objects import ObjectKey
from spike_core.ports.blobs import StoredObject
from spike_http import create_app
from spike_http.serving.health_checks import EXHAUSTED_LOOKS, THREADS_KEY, HealthCheck, lasting, run_checks
from spike_memory import MemoryBlobStore, MemoryDatabase

MOMENT = timedelta(milliseconds=50)
PATIENCE_S = 30


class Hanging:
    """A component that answers on demand."""

    def __init__(self) -> None:
        self.asked = 0
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def ping(self) -> None:
        self.asked += 1
        self.begun.set()
        assert self.go_on.wait(PATIENCE_S)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    hanging = Hanging()
    yield hanging
    hanging.go_on.set()


@frozen
class LostDatabase(MemoryDatabase):
    """Fails at each call."""

    trouble: Exception = field(kw_only=True)

    def ping(self) -> None:
        raise self.trouble


@frozen
class BusyDatabase(MemoryDatabase):
    """Answers, and has no connection left."""

    @property
    def is_exhausted(self) -> bool:
        return True


class LostBlobStore(MemoryBlobStore):
    """Fails at each call."""

    def scan(self, *, after: ObjectKey | None = None, limit: int) -> Sequence[StoredObject]:
        raise StorageUnavailable


def away() -> None:
    raise QueueUnavailable


def test_a_queue_that_is_away_is_told_and_requests_go_on(services: MemorySpike, client: testing.TestClient) -> None:
    """They are accepted: their jobs are in the outbox. A load balancer that removed all servers would refuse them."""
    services.spike.maintenance.presence.report()
    services.broker.queue.refuses = True
    answer = client.simulate_get("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {
            "status": "degraded",
            "checks": {
                "database": "ok",
                "storage": "ok",
                "broker": "unavailable",
                "workers": "ok",
                "connections": "ok",
            },
            "reasons": {},
        },
    )
    services.broker.queue.refuses = False
    assert client.simulate_get("/readyz").json["status"] == "ready"


def test_when_nobody_works_readiness_says_so_and_requests_go_on(
    services: MemorySpike, client: testing.TestClient
) -> None:
    """From the start, and within a minute after the last worker has died; a further report makes it ready again."""
    for _ in range(2):
        answer = client.simulate_get("/readyz")
        assert (answer.status_code, answer.json["status"], answer.json["checks"]["workers"]) == (
            200,
            "degraded",
            "absent",
        )
        assert answer.json["reasons"]["workers"].startswith("no worker")
        services.spike.maintenance.presence.report()
        answer = client.simulate_get("/readyz")
        assert (answer.json["status"], answer.json["reasons"]) == ("ready", {})
        services.clock.advance(timedelta(minutes=1))


def test_what_hangs_is_told_in_time_beside_what_answers(hanging: Hanging) -> None:
    checks = [HealthCheck("database", lambda: None), HealthCheck("storage", hanging.ping), HealthCheck("broker", away)]
    assert run_checks(checks, timeout=MOMENT) == {"database": "ok", "storage": "timeout", "broker": "unavailable"}


def test_what_hangs_has_one_thread_waiting_for_it_however_often_it_is_asked(hanging: Hanging) -> None:
    check = HealthCheck("storage", hanging.ping)
    for _ in range(20):
        assert run_checks([check], timeout=timedelta(0)) == {"storage": "timeout"}
    assert hanging.asked == 1
    hanging.go_on.set()
    assert run_checks([check], timeout=timedelta(seconds=PATIENCE_S)) == {"storage": "ok"}


def test_bad_news_from_before_is_asked_for_again() -> None:
    """A check after a component's recovery doesn't report the result of an earlier run that is still in progress."""
    begun, go_on, answers = threading.Event(), threading.Event(), iter([True, False])

    def ping() -> None:
        is_bad = next(answers)
        begun.set()
        assert go_on.wait(PATIENCE_S)
        if is_bad:
            raise QueueUnavailable

    check = HealthCheck("broker", ping)
    first = check.start()
    assert begun.wait(PATIENCE_S)
    second = check.start()
    go_on.set()
    assert first.future.result(timeout=PATIENCE_S) == "unavailable"
    assert second.is_joined
    assert second.result(until_s=time.monotonic() + PATIENCE_S) == "ok"


@pytest.mark.parametrize("trouble", [DatabaseUnavailable(), ZeroDivisionError("swordfish")])
def test_without_the_database_the_service_is_not_ready_and_the_body_says_no_more(trouble: Exception) -> None:
    services = MemorySpike.build(database=LostDatabase(trouble=trouble))
    answer = testing.TestClient(create_app(services.spike)).simulate_get("/readyz")
    assert answer.status_code == 503
    assert answer.json["status"] == "unavailable"
    states = {"database": "unavailable", "storage": "ok", "broker": "ok", "connections": "ok"}
    assert {name: answer.json["checks"][name] for name in states} == states
    assert "swordfish" not in answer.text


def test_without_the_store_the_service_is_not_ready() -> None:
    answer = testing.TestClient(create_app(MemorySpike.build(blobs=LostBlobStore).spike)).simulate_get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    assert answer.json["checks"]["storage"] == "unavailable"


def test_exhausted_connections_are_told_and_the_server_stays_in_service() -> None:
    """Without it, the same requests would wait at the others, until all are out of service."""
    services = MemorySpike.build(database=BusyDatabase())
    services.spike.maintenance.presence.report()
    answer = testing.TestClient(create_app(services.spike)).simulate_get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert {name for name, state in answer.json["checks"].items() if state != "ok"} == {"connections"}
    assert answer.json["checks"]["connections"] == "exhausted"


@pytest.mark.parametrize(("waits", "state"), [(True, "exhausted"), (False, "ok")])
def test_requests_that_wait_for_a_thread_are_told_by_the_server(
    client: testing.TestClient, *, waits: bool, state: str
) -> None:
    answer = client.simulate_get("/readyz", extras={THREADS_KEY: lambda: waits})
    assert answer.status_code == 200
    assert answer.json["checks"]["threads"] == state


def test_a_moment_without_anything_free_is_no_exhaustion() -> None:
    looks = iter([True] * (EXHAUSTED_LOOKS - 1) + [False])
    assert run_checks([HealthCheck("connections", lasting(lambda: next(looks)))]) == {"connections": "ok"}
