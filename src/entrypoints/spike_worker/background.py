"""Everything that goes on behind the requests, as one context."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial

import structlog

from spike_runtime import Spike
from spike_runtime.metrics import Metrics
from spike_worker.actor import perform
from spike_worker.periodic import periodically


@contextmanager
def working(spike: Spike) -> Iterator[None]:
    """Run relay, sweeper and workers until the context ends; jobs in work are finished first.

    Where nobody else can hold this database's jobs, those of a process that died are brought back at once; elsewhere
    their leases run out first.

    Raises:
        Unavailable: the database doesn't answer.
    """
    settings = spike.settings
    if spike.owns_its_jobs:
        repaired = spike.sweep.repair_after_restart()
        if repaired:
            structlog.get_logger(__name__).info("jobs brought back after a restart", jobs=repaired)
    retention = timedelta(seconds=settings.anonymous_retention_s)
    with ExitStack() as stack:
        if settings.worker_threads:
            stack.enter_context(
                spike.broker.work(partial(perform, spike.workshop, spike.metrics), threads=settings.worker_threads)
            )
        for name, action, every_s in (
            ("relay", spike.dispatch.relay, settings.relay_interval_s),
            ("sweep", spike.sweep.repair, settings.sweep_interval_s),
            ("removals", spike.removal.finish_pending, settings.collect_interval_s),
            ("expiry", partial(spike.removal.expire_anonymous, retention=retention), settings.collect_interval_s),
            ("receipts", spike.receipts.purge, settings.collect_interval_s),
            ("collect", spike.sweep.collect_orphans, settings.collect_interval_s),
        ):
            stack.enter_context(periodically(_counted(spike.metrics, name, action), every_s=every_s, name=name))
        yield


def _counted(metrics: Metrics, name: str, action: Callable[[], int]) -> Callable[[], None]:
    """Return the action, its rounds counted."""

    def act() -> None:
        metrics.count_sweep(sweep=name, found=action())

    return act
