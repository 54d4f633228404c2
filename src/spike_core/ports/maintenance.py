"""The maintenance runs port."""

from typing import Protocol

from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask


class MaintenanceRuns(Protocol):
    """The latest run of each maintenance task, within one transaction."""

    def get(self, task: MaintenanceTask) -> MaintenanceRun:
        """Return the task's latest run; its number is 0 before the first."""

    def lock(self, task: MaintenanceTask) -> MaintenanceRun:
        """Return the latest run, locked until the transaction ends."""

    def put(self, run: MaintenanceRun) -> None:
        """Store the latest run of a locked task in place of the one before."""
