"""Worker presence: whether any process runs jobs."""

from datetime import timedelta
from typing import Final

from attrs import frozen

from spike_core.domain.maintenance import MaintenanceTask
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.transaction_retries import retry_on_conflict

PRESENCE: Final = timedelta(seconds=45)  # after the latest report; a dead fleet is noticed within it
REPORT_INTERVAL: Final = timedelta(seconds=15)  # two reports in a row may be lost


@frozen(kw_only=True)
class WorkerPresence:
    """Knows whether any process has reported within `PRESENCE` that it runs jobs.

    Processes that share a database share one lease, which each of them renews: however many they are, it is written
    once per half a `REPORT_INTERVAL` at most.
    """

    transactions: Transactions
    clock: Clock

    @retry_on_conflict
    def report(self) -> None:
        """Report that this process runs jobs; to be repeated every `REPORT_INTERVAL`.

        Raises:
            DatabaseUnavailable: the report can't be stored.
        """
        with self.transactions.view() as tx:  # usually another process has reported, and this takes no lock
            if self._remaining(tx) > PRESENCE - REPORT_INTERVAL / 2:
                return
        with self.transactions.begin() as tx:
            latest = tx.maintenance_runs.lock(MaintenanceTask.WORK)
            tx.maintenance_runs.put(latest.next(now=self.clock.now(), lease=PRESENCE))

    def is_any_working(self) -> bool:
        """Return whether a process has reported within `PRESENCE`.

        Raises:
            DatabaseUnavailable: it isn't known.
        """
        with self.transactions.view() as tx:
            return self._remaining(tx) > timedelta(0)

    def _remaining(self, tx: Transaction) -> timedelta:
        """Return how long the latest report counts; zero for one that no correct clock could have written."""
        held_until = tx.maintenance_runs.get(MaintenanceTask.WORK).held_until
        remaining = timedelta(0) if held_until is None else held_until - self.clock.now()
        return remaining if remaining <= 2 * PRESENCE else timedelta(0)
