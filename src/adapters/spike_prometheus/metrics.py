"""Metrics, in the text format of Prometheus.

Processes count what they do; what the database holds is read at each scrape. Processes of one machine that share a
folder, `SPIKE_METRICS_DIR`, expose the sum of their counts.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from spike_core.domain.errors import Unavailable
from spike_core.domain.event_deliveries import COUNT_MAX, Backlog
from spike_core.domain.snapshots import Snapshot
from spike_core.domain.tiers import Tier
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
from spike_prometheus.shared_values import share_values

Value = TypeVar("Value")
_REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_JOB_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320)


class PrometheusMetrics:
    """The counters of this process, and the exposition of all."""

    def __init__(self, *, transactions: Transactions, clock: Clock, folder: Path | None = None) -> None:
        """Count in memory, or in files of a folder that processes of one machine share."""
        self._registry = CollectorRegistry()
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            share_values(folder)
        self._database = _DatabaseCollector(transactions, clock)
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
            "spike_job_attempts",
            "Attempts at jobs, by outcome.",
            ("tier", "outcome"),
            registry=self._registry,
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
        self._postponed = Counter(
            "spike_sweep_postponed",
            "Items that periodic tasks couldn't handle, and try again later.",
            ("sweep",),
            registry=self._registry,
        )
        self._events = Counter(
            "spike_events",
            "Events handed to subscribers, by what became of them.",
            ("subscriber", "outcome"),
            registry=self._registry,
        )

    def count_request(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(method, route).observe(seconds)

    def count_attempt(self, *, tier: Tier, outcome: str, seconds: float) -> None:
        """Count an attempt at a job."""
        self._attempts.labels(tier.name, outcome).inc()
        self._job_seconds.labels(tier.name).observe(seconds)

    def count_wait(self, *, tier: Tier, wait: timedelta) -> None:
        """Record how long a job has waited for its first worker."""
        self._wait_seconds.labels(tier.name).observe(wait.total_seconds())

    def count_recovery(self, *, sweep: str, found: int) -> None:
        """Count a run of a periodic task, and how many things it found to do."""
        self._sweeps.labels(sweep).inc()
        self._swept.labels(sweep).inc(found)

    def count_postponed(self, *, sweep: str, postponed: int) -> None:
        """Count things that a periodic task couldn't do and will try again later."""
        self._postponed.labels(sweep).inc(postponed)

    def count_events(self, *, subscriber: str, handled: int, failed: int, set_aside: int) -> None:
        """Count events that were handed to a subscriber, by what became of them."""
        for outcome, number in (("handled", handled), ("failed", failed), ("set aside", set_aside)):
            self._events.labels(subscriber, outcome).inc(number)

    def exposition(self) -> bytes:
        """Return all metrics as text."""
        scraped = CollectorRegistry()
        scraped.register(self._database)
        if self._folder is not None:
            MultiProcessCollector(scraped, path=str(self._folder))  # type: ignore[no-untyped-call]
            return generate_latest(scraped)
        ProcessCollector(registry=scraped)
        return generate_latest(self._registry) + generate_latest(scraped)


class _DatabaseCollector(Collector):
    """Jobs, refunds and events, as stored. Left out while the database is unavailable.

    Unsettled jobs and waiting events have to be counted, which takes longer the more there are. So the counts of a long
    queue serve the scrapes of a moment; those of a short one are exact.
    """

    def __init__(self, transactions: Transactions, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock
        self._queue = _Kept(lambda tx: tx.statistics.queue(), clock)
        self._backlogs = _Kept(_backlogs, clock)

    def collect(self) -> Iterator[Metric]:
        """Read the database and yield its metrics."""
        try:
            with self._transactions.view() as tx:
                queue, refunds, backlogs = self._queue.read(tx), tx.statistics.refunds(), self._backlogs.read(tx)
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
        yield from self._events_waiting(backlogs)
        yield CounterMetricFamily("spike_refunds", "Jobs that were refunded.", value=refunds.refunds)
        yield CounterMetricFamily("spike_refunded_tokens", "Tokens that were refunded.", value=refunds.tokens)

    def _events_waiting(self, backlogs: Sequence[Backlog]) -> Iterator[Metric]:
        waiting = GaugeMetricFamily(
            "spike_events_waiting", f"Events that wait for a subscriber, up to {COUNT_MAX}.", labels=("subscriber",)
        )
        oldest = GaugeMetricFamily(
            "spike_oldest_event_seconds", "Age of the oldest event that waits.", labels=("subscriber",)
        )
        set_aside = GaugeMetricFamily(
            "spike_events_set_aside", f"Events given up and kept, up to {COUNT_MAX}.", labels=("subscriber",)
        )
        for backlog in backlogs:
            name = (backlog.subscriber.text,)
            age_s = 0.0 if backlog.oldest_at is None else (self._clock.now() - backlog.oldest_at).total_seconds()
            waiting.add_metric(name, backlog.waiting)
            oldest.add_metric(name, age_s)
            set_aside.add_metric(name, backlog.set_aside)
        yield from (waiting, oldest, set_aside)


class _Kept(Generic[Value]):
    """What is read from the database, and used for a while if that took long."""

    def __init__(self, read: Callable[[Transaction], Value], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._latest: Snapshot[Value] | None = None

    def read(self, tx: Transaction) -> Value:
        """Return the value, read now or a moment ago."""
        began_at = self._clock.now()
        if self._latest is not None and self._latest.is_usable(now=began_at):
            return self._latest.value
        value = self._read(tx)
        self._latest = Snapshot.read(value, began_at=began_at, ended_at=self._clock.now())
        return value


def _backlogs(tx: Transaction) -> Sequence[Backlog]:
    """Return the backlog of each subscriber that is registered or has events stored for it."""
    names = {*tx.event_deliveries.subscribers(), *(each.name for each in tx.subscriptions.all())}
    return [tx.event_deliveries.backlog(name, count_max=COUNT_MAX) for name in sorted(names)]
