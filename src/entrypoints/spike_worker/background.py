"""Background work as two context managers: running jobs, and housekeeping."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial

import structlog

from spike_core.domain.errors import JobChanged, Unavailable
from spike_core.domain.maintenance import MaintenanceTask
from spike_core.ports.broker import WorkerPool
from spike_core.services.maintenance_lease import LOOK_INTERVAL
from spike_runtime import Spike
from spike_runtime.metrics import Metrics
from spike_worker.active_jobs import ActiveJobs
from spike_worker.actor import handle_message
from spike_worker.periodic import periodically


@contextmanager
def working(spike: Spike) -> Iterator[ActiveJobs]:
    """Run jobs and housekeeping until the context ends; yield the active jobs.

    On exit no further job is begun. Active jobs have `worker_drain_s` to finish; then they are handed back, for another
    process to claim at once.

    Raises:
        Unavailable: the database is unavailable.
    """
    settings = spike.settings
    active_jobs = ActiveJobs()
    with ExitStack() as stack:
        stack.enter_context(housekeeping(spike))
        if settings.worker_threads:
            stack.callback(_hand_back, spike, active_jobs)
            stack.enter_context(
                spike.broker.work(
                    partial(handle_message, spike.jobs, spike.metrics, active_jobs),
                    pool=WorkerPool(size=settings.worker_threads, reserved=settings.quick_threads),
                    drain=timedelta(seconds=settings.worker_drain_s),
                )
            )
        yield active_jobs


@contextmanager
def housekeeping(spike: Spike) -> Iterator[None]:
    """Run relay, recovery and maintenance until the context ends.

    Any number of processes may do so at once. Relay and recovery run in all of them, since jobs wait for them; each
    transition is a compare-and-set and duplicate messages are harmless. Each maintenance task runs in one process at
    a time. If no other process can hold this database's jobs, the jobs and tasks of a crashed process are recovered at
    the start; otherwise their leases expire first.

    Raises:
        Unavailable: the database is unavailable.
    """
    settings = spike.settings
    if spike.owns_its_jobs:
        spike.maintenance.lease.expire_all()
        repaired = spike.maintenance.recovery.repair_after_restart()
        if repaired:
            structlog.get_logger(__name__).info("jobs recovered after a restart", jobs=repaired)
    with ExitStack() as stack:
        for name, action, every_s in (
            ("relay", spike.jobs.dispatch.relay, settings.relay_interval_s),
            ("sweep", spike.maintenance.recovery.repair, settings.sweep_interval_s),
        ):
            stack.enter_context(periodically(_counted(spike.metrics, name, action), every_s=every_s, name=name))
        for task, action in _maintenance_actions(spike).items():
            counted = _counted(spike.metrics, task.value, action)
            attend = partial(
                spike.maintenance.lease.attend, task, counted, every=timedelta(seconds=settings.collect_interval_s)
            )
            look_s = min(settings.collect_interval_s, LOOK_INTERVAL.total_seconds())
            stack.enter_context(periodically(attend, every_s=look_s, name=task.value))
        yield


def _maintenance_actions(spike: Spike) -> Mapping[MaintenanceTask, Callable[[], int]]:
    retention = timedelta(seconds=spike.settings.anonymous_retention_s)
    return {
        MaintenanceTask.REMOVALS: spike.images.deletion.finish_pending,
        MaintenanceTask.EXPIRY: partial(spike.images.deletion.expire_anonymous, retention=retention),
        MaintenanceTask.RECEIPTS: spike.idempotency.purge,
        MaintenanceTask.SESSIONS: spike.accounts.sessions.purge,
        MaintenanceTask.ORPHANS: spike.maintenance.recovery.collect_orphans,
    }


def _hand_back(spike: Spike, active_jobs: ActiveJobs) -> None:
    """Hand back the active jobs, but not those past the time limit: they count as crashes once their lease expires."""
    log = structlog.get_logger(__name__)
    overdue = active_jobs.overdue(now=spike.clock.now(), work_time_max=spike.settings.job_limits.work_time_max)
    for job in active_jobs.jobs:
        if job in overdue:
            continue
        try:
            spike.jobs.transitions.hand_back(job)
        except JobChanged:
            continue
        except Unavailable as error:
            log.warning("a job can't be requeued; its lease will expire", job_id=str(job.id), why=str(error))
        else:
            log.info("job requeued", job_id=str(job.id), attempt=job.attempt)


def _counted(metrics: Metrics, name: str, action: Callable[[], int]) -> Callable[[], None]:
    """Return the action, with its runs counted in the metrics."""

    def act() -> None:
        metrics.count_recovery(sweep=name, found=action())

    return act
