"""Progress: the number of steps done and expected."""

from attrs import define

from spike_core.ports.progress import ProgressMonitor


@define
class Steps:
    """Counts steps of work and reports each to the progress monitor."""

    monitor: ProgressMonitor
    total: int = 0
    done: int = 0
    reported: float = 0.0

    def expect(self, more: int) -> None:
        """Change the expected number of steps."""
        self.total += more

    def step(self) -> None:
        """Count a step. The reported progress never decreases.

        Raises:
            WorkAbandoned: raised by the monitor.
        """
        self.done += 1
        self.reported = max(self.reported, min(1.0, self.done / self.total))
        self.monitor.report(self.reported)
