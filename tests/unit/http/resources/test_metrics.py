"""`/metrics`, as Prometheus reads it."""

import re
from datetime import timedelta
from typing import cast

import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from spike_contracts.event_builders import a_movement
from spike_contracts.events import record
from spike_core.domain.errors import DatabaseUnavailable
from spike_core.domain.event_deliveries import Backlog, SubscriberName
from spike_core.domain.identifiers import JobId
from spike_core.domain.snapshots import TIME_SHARE
from spike_core.domain.statistics import QueueStatistics
from spike_http import create_app
from spike_memory import ManualClock, MemoryDatabase, MemoryTransactions
from spike_memory.events import MemoryEventDeliveries
from spike_memory.statistics import MemoryStatistics
from spike_prometheus import PrometheusMetrics
from spike_worker.active_jobs import ActiveJobs
from spike_worker.actor import handle_message


def metrics(client: testing.TestClient) -> dict[str, float]:
    """Return the samples, as written, by name and labels."""
    answer = client.simulate_get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    samples = re.findall(r"^(spike_[^ ]+) (\S+)$", answer.text, re.MULTILINE)
    return {name: float(value) for name, value in samples}


def work(services: MemorySpike) -> None:
    while services.broker.queue.messages:
        handle_message(
            services.spike.jobs, services.spike.metrics, ActiveJobs(), services.broker.queue.messages.popleft()
        )


def test_requests_are_counted_by_route_and_never_by_what_they_name(client: testing.TestClient, ada: Caller) -> None:
    image_id = ada.upload().json["image"]["id"]
    ada.get(f"/api/images/{image_id}")
    ada.get("/api/images/unknown")
    client.simulate_get("/nowhere/at/all")
    client.simulate_get("/elsewhere")
    seen = metrics(client)
    assert seen['spike_http_requests_total{method="POST",route="/api/images/upload",status="200"}'] == 1
    assert seen['spike_http_requests_total{method="GET",route="/api/images/{image_id}",status="200"}'] == 1
    assert seen['spike_http_requests_total{method="GET",route="/api/images/{image_id}",status="404"}'] == 1
    assert seen['spike_http_requests_total{method="GET",route="unknown",status="404"}'] == 2
    assert seen['spike_http_request_seconds_count{method="POST",route="/api/images/upload"}'] == 1
    assert not [name for name in seen if image_id in name]


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")  # the test client's, which passes it on all the same
def test_a_method_that_nobody_knows_is_no_series_of_its_own(client: testing.TestClient) -> None:
    client.simulate_request("BREW", "/healthz")
    assert not [name for name in metrics(client) if "BREW" in name]


def test_jobs_are_seen_from_the_queue_to_their_end(
    services: MemorySpike, client: testing.TestClient, ada: Caller
) -> None:
    ada.upload()
    services.clock.advance(timedelta(seconds=7))
    waiting = metrics(client)
    assert waiting['spike_jobs_unsettled{state="started"}'] == 1
    assert waiting["spike_oldest_unclaimed_seconds"] == 7
    work(services)
    done = metrics(client)
    assert done['spike_jobs_unsettled{state="started"}'] == 0
    assert done["spike_oldest_unclaimed_seconds"] == 0
    assert done['spike_job_attempts_total{outcome="delivered",tier="TIER_1K"}'] == 1
    assert done['spike_job_seconds_count{tier="TIER_1K"}'] == 1
    assert done['spike_job_wait_seconds_sum{tier="TIER_1K"}'] == 7


def test_refunds_are_counted(client: testing.TestClient, ada: Caller) -> None:
    job_id = ada.upload().json["enhancement"]["jobId"]
    assert metrics(client)["spike_refunds_total"] == 0
    ada.post(f"/api/jobs/{JobId.parse(job_id)}/cancel")
    assert metrics(client)["spike_refunds_total"] == 1
    assert metrics(client)["spike_refunded_tokens_total"] == 2


class DownTransactions:
    """A database that doesn't answer."""

    def begin(self) -> None:
        raise DatabaseUnavailable

    view = begin


def test_while_the_database_is_down_the_rest_is_told_all_the_same() -> None:
    database = MemoryDatabase()
    services = MemorySpike.build(database=database)
    client = testing.TestClient(create_app(services.spike))
    client.simulate_get("/healthz")
    stored = cast("PrometheusMetrics", services.spike.metrics)._database
    stored._transactions = DownTransactions()  # type: ignore[assignment]
    seen = metrics(client)
    assert seen["spike_database_up"] == 0
    assert seen['spike_http_requests_total{method="GET",route="/healthz",status="200"}'] == 1


def test_the_counts_of_a_long_queue_serve_several_scrapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most for a twentieth of the time: counting takes longer the more jobs wait."""
    clock, counted = ManualClock(), MemoryStatistics.queue
    metrics = PrometheusMetrics(transactions=MemoryTransactions(), clock=clock)
    times: list[MemoryStatistics] = []

    def slow(statistics: MemoryStatistics) -> QueueStatistics:
        times.append(statistics)
        clock.advance(timedelta(milliseconds=10))
        return counted(statistics)

    monkeypatch.setattr(MemoryStatistics, "queue", slow)
    for _ in range(5):
        assert b'spike_jobs_unsettled{state="waiting"} 0.0' in metrics.exposition()
    assert len(times) == 1
    clock.advance(timedelta(milliseconds=10 * TIME_SHARE))
    metrics.exposition()
    assert len(times) == 2


def test_the_counts_of_many_waiting_events_serve_several_scrapes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, counted = ManualClock(), MemoryEventDeliveries.backlog
    transactions = MemoryTransactions()
    record(transactions, a_movement())
    metrics = PrometheusMetrics(transactions=transactions, clock=clock)
    times: list[SubscriberName] = []

    def slow(deliveries: MemoryEventDeliveries, subscriber: SubscriberName, *, count_max: int) -> Backlog:
        times.append(subscriber)
        clock.advance(timedelta(milliseconds=10))
        return counted(deliveries, subscriber, count_max=count_max)

    monkeypatch.setattr(MemoryEventDeliveries, "backlog", slow)
    for _ in range(5):
        assert b'spike_events_waiting{subscriber="mail"} 1.0' in metrics.exposition()
    assert len(times) == 1
    clock.advance(timedelta(milliseconds=10 * TIME_SHARE))
    metrics.exposition()
    assert len(times) == 2
