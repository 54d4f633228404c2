"""Steps: how many tiles are done, of how many."""

from attrs import define

from spike_core.ports.watch import Watch


@define
class Steps:
    """Counts steps of work and reports each to the watch."""

    watch: Watch
    total: int
    done: int = 0

    def step(self) -> None:
        """Count one more.

        Raises:
            WorkAbandoned: the watch said so.
        """
        self.done += 1
        self.watch.report(min(1.0, self.done / self.total))
