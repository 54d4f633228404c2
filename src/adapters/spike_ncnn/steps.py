"""Steps: how many tiles are done, of how many."""

from attrs import define

from spike_core.ports.progress import ProgressMonitor


@define
class Steps:
    """Counts steps of work and reports each to the watch."""

    monitor: ProgressMonitor
    total: int
    done: int = 0
    reported: float = 0.0

    def expect(self, more: int) -> None:
        """Change how many steps there are in all, as the work shows it."""
        self.total += more

    def step(self) -> None:
        """Count one more; what is reported never goes back.

        Raises:
            WorkAbandoned: the watch said so.
        """
        self.done += 1
        self.reported = max(self.reported, min(1.0, self.done / self.total))
        self.monitor.report(self.reported)
