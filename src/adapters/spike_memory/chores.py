"""Chores in memory."""

from attrs import frozen

from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask
from spike_memory.state import Rows


@frozen
class MemoryChores:
    """See the port."""

    _rows: Rows

    def get(self, chore: MaintenanceTask) -> MaintenanceRun:
        """Return the latest round."""
        return self._rows.state.chores.get(chore) or MaintenanceRun.before_the_first(chore)

    def lock(self, chore: MaintenanceTask) -> MaintenanceRun:
        """Return the latest round; there is one writer at a time."""
        self._rows.check_writable()
        return self.get(chore)

    def put(self, round_: MaintenanceRun) -> None:
        """Store the latest round."""
        self._rows.check_writable().chores[round_.chore] = round_
