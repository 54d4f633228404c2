"""MaintenanceRuns in memory."""

from attrs import frozen

from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask
from spike_memory.state import Rows


@frozen
class MemoryMaintenanceRuns:
    """See the port."""

    _rows: Rows

    def get(self, task: MaintenanceTask) -> MaintenanceRun:
        """Return the latest round."""
        return self._rows.state.maintenance_runs.get(task) or MaintenanceRun.never_run(task)

    def lock(self, task: MaintenanceTask) -> MaintenanceRun:
        """Return the latest round; there is one writer at a time."""
        self._rows.check_writable()
        return self.get(task)

    def put(self, run: MaintenanceRun) -> None:
        """Store the latest round."""
        self._rows.check_writable().maintenance_runs[run.task] = run
