"""Metrics, in the text format of Prometheus.

Events are counted in the process where they happen; the state of the queue and the refunds are read from the database
at each request. Several processes of one machine add up their counts in a common folder, `SPIKE_METRICS_DIR`.
"""

import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from spike_core.domain.errors import Unavailable
from spike_core.domain.tiers import Tier
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transactions

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"  # the variable that prometheus_client reads
_REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_JOB_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320)


class Metrics:
    """The counters of one process, and the exposition of all series."""

    def __init__(self, *, transactions: Transactions, clock: Clock, folder: Path | None = None) -> None:
        """Count in memory, or in files of this folder, which the processes of one machine share."""
        self._registry = CollectorRegistry()
        self._shared = folder is not None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            os.environ[_FOLDER] = str(folder)
            # prometheus_client would choose at import, and identify the process by its id alone: 1 in every container
            values.ValueClass = values.MultiProcessValue(_process)  # type: ignore[no-untyped-call]
        self._stock = _Stock(transactions, clock)
        self._requests = Counter(
            "spike_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._request_seconds = Histogram(
            "spike_http_request_seconds",
            "Time to answer a request.",
            ("method", "route"),
            buckets=_REQUEST_SECONDS,
            registry=self._registry,
        )
        self._attempts = Counter(
            "spike_job_attempts", "Attempts at jobs, by outcome.", ("tier", "outcome"), registry=self._registry
        )
        self._job_seconds = Histogram(
            "spike_job_seconds", "Duration of an attempt.", ("tier",), buckets=_JOB_SECONDS, registry=self._registry
        )
        self._wait_seconds = Histogram(
            "spike_job_wait_seconds",
            "Time from the acceptance of a job to its first claim.",
            ("tier",),
            buckets=(*_REQUEST_SECONDS, 60, 300, 1800),
            registry=self._registry,
        )
        self._sweeps = Counter("spike_sweeps", "Runs of periodic tasks.", ("sweep",), registry=self._registry)
        self._swept = Counter("spike_swept", "Items that periodic tasks handled.", ("sweep",), registry=self._registry)

    def count_request(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(method, route).observe(seconds)

    def count_attempt(self, *, tier: Tier, outcome: str, seconds: float) -> None:
        """Count an attempt at a job."""
        self._attempts.labels(tier.value, outcome).inc()
        self._job_seconds.labels(tier.value).observe(seconds)

    def count_wait(self, *, tier: Tier, wait: timedelta) -> None:
        """Count how long a job waited for its first claim."""
        self._wait_seconds.labels(tier.value).observe(wait.total_seconds())

    def count_recovery(self, *, sweep: str, found: int) -> None:
        """Count a run of a periodic task, and the items that it handled."""
        self._sweeps.labels(sweep).inc()
        self._swept.labels(sweep).inc(found)

    def exposition(self) -> bytes:
        """Return all series in Prometheus's text format."""
        asked = CollectorRegistry()
        asked.register(self._stock)
        if self._shared:
            MultiProcessCollector(asked)  # type: ignore[no-untyped-call]
            return generate_latest(asked)
        ProcessCollector(registry=asked)
        return generate_latest(self._registry) + generate_latest(asked)


def _process() -> str:
    """Return the name of this process's files: machine or container, and process id."""
    return f"{socket.gethostname()}-{os.getpid()}"


class _Stock(Collector):
    """Gauges and counters read from the database. Left out while the database doesn't answer."""

    def __init__(self, transactions: Transactions, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Read the database and yield its series."""
        try:
            with self._transactions.view() as tx:
                queue, refunds = tx.statistics.queue(), tx.statistics.refunds()
        except Unavailable:
            yield GaugeMetricFamily("spike_database_up", "Whether the database answers.", value=0)
            return
        yield GaugeMetricFamily("spike_database_up", "Whether the database answers.", value=1)
        unsettled = GaugeMetricFamily("spike_jobs_unsettled", "Jobs that aren't settled.", labels=("state",))
        for state in ("waiting", "announced", "started", "claimed"):
            unsettled.add_metric((state,), getattr(queue, state))
        yield unsettled
        oldest = queue.oldest_unclaimed_at
        age_s = 0.0 if oldest is None else (self._clock.now() - oldest).total_seconds()
        yield GaugeMetricFamily("spike_oldest_unclaimed_seconds", "Age of the oldest unclaimed job.", value=age_s)
        yield CounterMetricFamily("spike_refunds", "Jobs that were refunded.", value=refunds.refunds)
        yield CounterMetricFamily("spike_refunded_tokens", "Tokens that were refunded.", value=refunds.tokens)
