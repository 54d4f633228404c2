"""The progress monitor port."""

from typing import Final, Protocol

from attrs import frozen


class ProgressMonitor(Protocol):
    """Receives an engine's progress, and can abort its work."""

    def report(self, done: float) -> None:
        """Record the share of the work that is done, from 0 to 1, never decreasing.

        Quick and without I/O. An engine calls it between the steps of its work.

        Raises:
            WorkAbandoned: the result is no longer needed; the engine stops and lets the exception propagate.
        """


@frozen
class UnmonitoredProgress:
    """Ignores the progress, and never aborts the work."""

    def report(self, done: float) -> None:
        """Do nothing."""


UNMONITORED: Final = UnmonitoredProgress()
