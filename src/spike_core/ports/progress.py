"""The watch: who waits for a picture while it is made."""

from typing import Final, Protocol

from attrs import frozen


class ProgressMonitor(Protocol):
    """Hears how far the work is, and can put an end to it."""

    def report(self, done: float) -> None:
        """Take note that this part of the work is done: from 0 to 1, never less than before.

        Quick and without I/O; an engine calls it between the steps of its work, from the thread that was asked for it.

        Raises:
            WorkAbandoned: nobody waits for the picture any more; the engine stops there and lets this pass.
        """


@frozen
class UnmonitoredProgress:
    """Takes no notice, and never ends the work."""

    def report(self, done: float) -> None:
        """Do nothing."""


UNMONITORED: Final = UnmonitoredProgress()
