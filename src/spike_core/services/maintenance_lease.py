"""The maintenance lease: which process runs a maintenance task, and when."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from attrs import frozen

from spike_core.domain.errors import Unavailable
from spike_core.domain.limits import JobLimits
from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask
from spike_core.ports.clock import Clock
from spike_core.ports.heartbeat import Heartbeat
from spike_core.ports.transactions import Transactions
from spike_core.services.transaction_retries import retry_on_conflict

LOOK_INTERVAL: Final = timedelta(minutes=1)  # between two checks whether a task is due, each one small query

_log: Final = logging.getLogger(__name__)


@frozen(kw_only=True)
class MaintenanceLease:
    """Runs each maintenance task once per period, in one of the processes that share a database.

    A run holds a lease that heartbeats renew. If its process dies, the lease expires and another process takes over.
    The lease only saves work: every task may safely run twice at once, for example after a process was paused.
    """

    transactions: Transactions
    clock: Clock
    heartbeat: Heartbeat
    limits: JobLimits

    def attend(self, task: MaintenanceTask, do: Callable[[], object], *, every: timedelta) -> None:
        """Run the task if its next run is due and no process holds it; exceptions of `do` propagate.

        Raises:
            DatabaseUnavailable: the lease can't be read or taken.
        """
        self.attend_from(task, lambda _cursor, _keep: do(), every=every)

    def attend_from(
        self,
        task: MaintenanceTask,
        do: Callable[[str | None, Callable[[str], None]], object],
        *,
        every: timedelta,
    ) -> None:
        """Do what `attend` does with a task that can be resumed.

        It is called with the cursor where the last run was interrupted, `None` to begin anew, and with a function that
        keeps how far it has come.

        Raises:
            DatabaseUnavailable: the lease can't be read or taken.
        """
        with self.transactions.view() as tx:  # usually it isn't due, and this takes no lock
            if not self._is_next_due(tx.maintenance_runs.get(task), every=every):
                return
        for run in self._begun(task, every=every):
            try:
                with self.heartbeat.during(partial(self._renew, run)):
                    do(run.cursor, partial(self._keep, run))
            except BaseException:
                self._end(run, MaintenanceRun.interrupted)
                raise
            self._end(run, MaintenanceRun.ended)

    @retry_on_conflict
    def expire_all(self) -> None:
        """Expire every lease, when no other process can hold one, so that interrupted runs are repeated.

        Raises:
            DatabaseUnavailable: the leases will expire by themselves.
        """
        for task in MaintenanceTask:
            with self.transactions.begin() as tx:
                tx.maintenance_runs.put(tx.maintenance_runs.lock(task).expired())

    @retry_on_conflict
    def _begun(self, task: MaintenanceTask, *, every: timedelta) -> Sequence[MaintenanceRun]:
        """Begin the next run and return it; return nothing if another process was faster."""
        with self.transactions.begin() as tx:
            latest = tx.maintenance_runs.lock(task)
            if not self._is_next_due(latest, every=every):
                return ()
            run = latest.next(now=self.clock.now(), lease=self.limits.lease)
            tx.maintenance_runs.put(run)
        return (run,)

    def _renew(self, run: MaintenanceRun) -> None:
        with self.transactions.begin() as tx:
            latest = tx.maintenance_runs.lock(run.task)
            if latest.number == run.number:
                tx.maintenance_runs.put(latest.renewed(now=self.clock.now(), lease=self.limits.lease))

    def _keep(self, run: MaintenanceRun, cursor: str) -> None:
        with self.transactions.begin() as tx:
            latest = tx.maintenance_runs.lock(run.task)
            if latest.number == run.number:
                tx.maintenance_runs.put(latest.at(cursor))

    def _end(self, run: MaintenanceRun, end: Callable[[MaintenanceRun], MaintenanceRun]) -> None:
        try:
            with self.transactions.begin() as tx:
                latest = tx.maintenance_runs.lock(run.task)
                if latest.number == run.number:
                    tx.maintenance_runs.put(end(latest))
        except Unavailable as error:  # the lease expires, and the run counts as interrupted
            _log.warning("the end of a run of %s can't be recorded: %s", run.task.value, error)

    def _is_next_due(self, latest: MaintenanceRun, *, every: timedelta) -> bool:
        return latest.is_next_due(now=self.clock.now(), every=every, lease=self.limits.lease)
