"""Background work as two context managers: running jobs, and housekeeping."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from typing import Final

from spike_core.domain.errors import JobChanged, Unavailable
from spike_core.domain.event_deliveries import SubscriberName
from spike_core.domain.maintenance import MaintenanceTask
from spike_core.ports.broker import WorkerPool
from spike_core.services.maintenance_lease import LOOK_INTERVAL
from spike_core.services.rendition_making import CATCH_UP_INTERVAL
from spike_core.services.worker_presence import REPORT_INTERVAL
from spike_runtime import Spike
from spike_runtime.logs import get_logger
from spike_runtime.metrics import Metrics
from spike_worker.active_jobs import ActiveJobs
from spike_worker.actor import handle_message
from spike_worker.periodic import continuously, periodically
from spike_worker.webhooks import sending_webhooks

SUBSCRIPTIONS_INTERVAL_S: Final = 5.0  # less than `SUBSCRIPTIONS_AGE_MAX`, so that no request has to read them


@contextmanager
def working(spike: Spike) -> Iterator[ActiveJobs]:
    """Run jobs and housekeeping until the context ends; yield the active jobs.

    On exit no further job is begun. Active jobs have `worker_drain_s` to finish; then they are handed back, for another
    process to claim at once.

    Raises:
        WrongSettings: another process, or this one already, works on the same data folder.
        Unavailable: the database is unavailable.
    """
    settings = spike.settings
    active_jobs = ActiveJobs()
    with ExitStack() as stack:
        stack.enter_context(housekeeping(spike))
        if settings.worker_threads:
            report = spike.maintenance.presence.report
            report()
            stack.enter_context(periodically(report, every_s=REPORT_INTERVAL.total_seconds(), name="presence"))
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
    """Run relay, recovery and maintenance until the context ends, hand events to subscribers, and send webhooks.

    Any number of processes may do so at once. Relay and recovery run in all of them, since jobs wait for them; each
    transition is a compare-and-set and duplicate messages are harmless. Each subscriber has a thread of its own, so
    that a slow one delays no other. Each maintenance task runs in one process at
    a time. If no other process can hold this database's jobs, the jobs and tasks of a crashed process are recovered at
    the start, and no other process may do the same meanwhile; otherwise their leases expire first.

    Raises:
        WrongSettings: another process, or this one already, works on the same data folder.
        Unavailable: the database is unavailable.
    """
    settings = spike.settings
    with ExitStack() as stack:
        stack.enter_context(spike.keeping_others_out())
        if spike.owns_its_jobs:
            spike.maintenance.lease.expire_all()
            repaired = spike.maintenance.recovery.repair_after_restart()
            if repaired:
                get_logger(__name__).info("jobs recovered after a restart", jobs=repaired)
        spike.events.register()
        for name, action, every_s in (
            ("relay", spike.jobs.dispatch.send_due, settings.relay_interval_s),
            ("sweep", spike.maintenance.recovery.expire_leases, settings.sweep_interval_s),
            ("subscriptions", spike.events.refresh, SUBSCRIPTIONS_INTERVAL_S),
        ):
            stack.enter_context(periodically(_counted(spike.metrics, name, action), every_s=every_s, name=name))
        for subscriber in spike.events.subscribers:
            stack.enter_context(
                continuously(
                    partial(_deliver, spike, subscriber),
                    every_s=settings.relay_interval_s,
                    name=f"events to {subscriber}",
                    patience_s=settings.worker_drain_s,
                )
            )
        stack.enter_context(sending_webhooks(spike.webhooks.sending, every_s=settings.relay_interval_s))
        for task, (action, every_s) in _maintenance_tasks(spike).items():
            counted = _counted(spike.metrics, task.value, action)
            attend = partial(spike.maintenance.lease.attend, task, counted, every=timedelta(seconds=every_s))
            look_s = min(every_s, LOOK_INTERVAL.total_seconds())
            stack.enter_context(periodically(attend, every_s=look_s, name=task.value))
        orphans_s = settings.orphans_interval_s
        collect = partial(spike.maintenance.lease.attend_from, MaintenanceTask.ORPHANS, _collect(spike))
        stack.enter_context(
            periodically(
                partial(collect, every=timedelta(seconds=orphans_s)),
                every_s=min(orphans_s, LOOK_INTERVAL.total_seconds()),
                name=MaintenanceTask.ORPHANS.value,
            )
        )
        yield


def _deliver(spike: Spike, subscriber: SubscriberName) -> int:
    """Hand a batch of events to a subscriber, and return how many were handled."""
    handed = spike.events.deliver(subscriber)
    if handed.count:
        spike.metrics.count_events(
            subscriber=subscriber.text, handled=handed.handled, failed=handed.failed, set_aside=handed.set_aside
        )
    return handed.handled


def _maintenance_tasks(spike: Spike) -> Mapping[MaintenanceTask, tuple[Callable[[], int], float]]:
    """Return what each maintenance task does, and how often, in seconds."""
    settings = spike.settings
    retention = timedelta(seconds=settings.anonymous_retention_s)
    return {
        MaintenanceTask.ADVANCE: (spike.jobs.dispatch.turns.advance_all, settings.collect_interval_s),
        MaintenanceTask.LOST: (spike.maintenance.recovery.requeue_lost, settings.sweep_interval_s),
        MaintenanceTask.REMOVALS: (partial(_finish_deletions, spike), settings.collect_interval_s),
        MaintenanceTask.EXPIRY: (
            partial(spike.images.deletion.expire_anonymous, retention=retention),
            settings.collect_interval_s,
        ),
        MaintenanceTask.EVENTS: (
            lambda: spike.events.purge() + spike.webhooks.sending.purge(),
            settings.collect_interval_s,
        ),
        MaintenanceTask.RECOUNT: (spike.budgets.recount, settings.orphans_interval_s),
        MaintenanceTask.RECOUNT_AFTER_UPGRADE: (spike.budgets.recount_after_upgrade, settings.collect_interval_s),
        MaintenanceTask.RECEIPTS: (spike.idempotency.purge, settings.collect_interval_s),
        MaintenanceTask.SESSIONS: (spike.accounts.sessions.purge, settings.collect_interval_s),
        MaintenanceTask.RENDITIONS: (spike.images.renditions.catch_up, CATCH_UP_INTERVAL.total_seconds()),
    }


def _finish_deletions(spike: Spike) -> int:
    """Complete deletions that wait, count those that can't be completed yet, and return how many were."""
    run = spike.images.deletion.finish_pending()
    spike.metrics.count_postponed(sweep=MaintenanceTask.REMOVALS.value, postponed=run.postponed)
    return run.finished


def _collect(spike: Spike) -> Callable[[str | None, Callable[[str], None]], None]:
    """Return the collection of orphans, which resumes where the last one was interrupted."""

    def collect(cursor: str | None, keep: Callable[[str], None]) -> None:
        collected = partial(spike.maintenance.recovery.collect_orphans, cursor, keep)
        _counted(spike.metrics, MaintenanceTask.ORPHANS.value, collected)()

    return collect


def _hand_back(spike: Spike, active_jobs: ActiveJobs) -> None:
    """Hand back the active jobs, but not those past the time limit: they count as crashes once their lease expires."""
    log = get_logger(__name__)
    overdue = active_jobs.overdue(now=spike.clock.now(), work_time_max=spike.jobs.transitions.limits.work_time_max)
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
