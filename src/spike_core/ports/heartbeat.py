"""The heartbeat port."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol


class Heartbeat(Protocol):
    """Calls a function at intervals while work is in progress."""

    def during(self, beat: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `beat` at intervals, while the work goes on, until the context ends.

        Exceptions of `beat` never reach the work: after `Unavailable` it is called again at the next interval, any
        other exception ends the heartbeat. Once the context has ended, `beat` isn't running and won't be called again.
        """
