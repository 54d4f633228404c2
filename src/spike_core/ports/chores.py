"""The chores port: whose turn it is at what one process at a time does."""

from typing import Protocol

from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask


class Chores(Protocol):
    """The latest round of each chore, within one transaction."""

    def get(self, chore: MaintenanceTask) -> MaintenanceRun:
        """Return the latest round; one with the number 0 where there was none."""

    def lock(self, chore: MaintenanceTask) -> MaintenanceRun:
        """Return what `get` does; nobody else locks or puts this chore's until the transaction ends."""

    def put(self, round_: MaintenanceRun) -> None:
        """Store a chore's latest round, in the place of the one before. The chore is locked."""
