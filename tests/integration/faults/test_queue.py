"""A queue that is down, loses its data, restarts or repeats messages."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

import pytest

from effort import IS_FULL, long
from eventually import eventually
from fault_scenario import FaultScenario
from fleet import a_fleet
from gates import Gate
from recovery_times import FaultKind
from running import Server, serving
from servers.valkey import Valkey
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import CompletedJob, PendingJob
from spike_core.domain.priorities import Priority
from spike_dramatiq.redis_plugin import open_redis_broker

TIERS: Final = ("FREE", "TIER_1K", "TIER_2K")
ORDERS: Final = 50 if IS_FULL else 16
ROUNDS: Final = 3 if IS_FULL else 1


@pytest.fixture
def settings(settings: Mapping[str, str]) -> Mapping[str, str]:
    """Return settings with long leases, so that a busy machine doesn't make a worker look dead."""
    return {**settings, "SPIKE_LEASE_S": "60"}


@contextmanager
def workers(scenario: FaultScenario) -> Iterator[None]:
    """Run two workers, and stop them at the end."""
    with a_fleet(scenario.folder, 2, **scenario.settings) as fleet:
        yield
        assert fleet.stop() == 0


@pytest.fixture
def server(scenario: FaultScenario) -> Iterator[Server]:
    """Run a server, and stop it at the end."""
    with serving(scenario.folder, **scenario.settings) as server:
        yield server
        assert server.stop() == 0


def test_requests_succeed_while_the_queue_is_down_and_their_jobs_start_when_it_is_back(
    scenario: FaultScenario, server: Server, valkey: Valkey
) -> None:
    with workers(scenario):
        image_id = scenario.upload(server)

        def spec(number: int) -> float:
            began_s = time.monotonic()
            scenario.enhance(server, image_id, TIERS[number % len(TIERS)])
            return time.monotonic() - began_s

        with scenario.injecting(f"queue down while {ORDERS} requests come in", FaultKind.QUEUE_AWAY):
            valkey.kill()
            with ThreadPoolExecutor(8) as pool:
                took_s = list(pool.map(spec, range(ORDERS)))
            ready = server.ask("GET", "/readyz")
            assert (ready.status, ready.json["status"]) == (200, "degraded"), "no balancer takes it out"
            checks = ready.json["checks"]
            assert (checks["database"], checks["storage"], checks["broker"]) == ("ok", "ok", "unavailable")
            assert sum(isinstance(job, PendingJob) for job in scenario.jobs().values()) >= ORDERS
            valkey.start()
        assert max(took_s) < 20, "a refusal comes at once"
        scenario.recover()


@long(
    kept_by="tests/integration/faults/test_queue.py::test_requests_succeed_while_the_queue_is_down_and_their_jobs_start_when_it_is_back"
)
def test_a_queue_that_says_nothing_delays_requests_and_refuses_none(
    scenario: FaultScenario, server: Server, valkey: Valkey
) -> None:
    with workers(scenario):
        image_id = scenario.upload(server)
        with scenario.injecting("queue hanging (SIGSTOP) while 8 requests come in", FaultKind.QUEUE_AWAY):
            valkey.pause()
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda number: scenario.enhance(server, image_id, TIERS[number % 3]), range(8)))
            valkey.go_on()
        scenario.recover()


def test_a_queue_that_forgets_everything_loses_no_job(scenario: FaultScenario, server: Server, valkey: Valkey) -> None:
    image_id = scenario.upload(server)
    for tier in TIERS * ROUNDS:
        scenario.enhance(server, image_id, tier)
    with scenario.injecting("FLUSHALL while jobs wait", FaultKind.LOST), valkey.client() as client:
        assert client.dbsize() > 0
        client.flushall()
    with workers(scenario):
        scenario.recover()


@long(kept_by="tests/integration/faults/test_queue.py::test_a_queue_that_forgets_everything_loses_no_job")
def test_a_queue_that_is_killed_and_comes_back_empty_while_work_goes_on_is_no_event(
    scenario: FaultScenario, server: Server, valkey: Valkey, gate: Gate
) -> None:
    with workers(scenario):
        gate.shut()
        image_id = scenario.upload(server)
        for tier in TIERS * 2:
            scenario.enhance(server, image_id, tier)
        gate.wait_for(2)
        with scenario.injecting("kill -9 of the queue while workers are busy; it comes back empty", FaultKind.LOST):
            valkey.kill()
            valkey.start()
        gate.open()
        for tier in TIERS:
            scenario.enhance(server, image_id, tier)
        scenario.recover()
        assert {job.crashes for job in scenario.jobs().values()} == {0}


def test_messages_that_come_ten_times_are_done_once(
    scenario: FaultScenario, server: Server, valkey: Valkey, gate: Gate
) -> None:
    image_id = scenario.upload(server)
    for tier in TIERS * 2:
        scenario.enhance(server, image_id, tier)
    with scenario.injecting("every message delivered ten times, at each priority", FaultKind.NO_WAIT):
        queue = open_redis_broker(valkey.url).queue
        for job_id in scenario.prices:
            for _ in range(9):
                for priority in Priority:
                    queue.send(job_id, priority=priority)
        with workers(scenario):
            eventually("all jobs done", lambda: all_completed(scenario.jobs()))
            with valkey.client() as client:
                eventually("every message is taken", lambda: not client.keys("spike:jobs.*"))
    scenario.recover()
    assert gate.arrivals == len(scenario.prices)
    assert {(job.attempt, job.crashes) for job in scenario.jobs().values()} == {(1, 0)}


@long(kept_by="tests/integration/sqlalchemy/test_two_at_once.py::test_a_sweep_against_a_late_delivery_has_one_winner")
def test_several_sweepers_and_relays_at_once_bring_each_job_back_once(scenario: FaultScenario, valkey: Valkey) -> None:
    """Each process runs both: two servers and two workers, all handling the same jobs, whose messages are lost."""
    hasty = {"SPIKE_SWEEP_INTERVAL_S": "0.02", "SPIKE_RELAY_INTERVAL_S": "0.02", "SPIKE_REDELIVER_AFTER_S": "1"}
    settings = {**scenario.settings, **hasty, "SPIKE_ACTIVE_JOBS_MAX": "50"}
    other_folder = scenario.folder.with_name("other")
    with serving(scenario.folder, **settings) as one, serving(other_folder, **settings) as other:
        image_id = scenario.upload(one)
        for _ in range(20):
            scenario.enhance(one, image_id, "FREE")
        with (
            scenario.injecting("every message lost, four sweepers and relays at once", FaultKind.LOST),
            valkey.client() as client,
        ):
            client.flushall()
        with a_fleet(scenario.folder, 2, **settings) as fleet:
            scenario.recover()
            assert fleet.stop() == 0
        assert (one.stop(), other.stop()) == (0, 0)
    assert {job.crashes for job in scenario.jobs().values()} == {0}


def all_completed(jobs: Mapping[JobId, object]) -> bool:
    return all(isinstance(job, CompletedJob) for job in jobs.values())
