"""The pulse port."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol


class Heartbeat(Protocol):
    """Calls back at intervals while work goes on."""

    def during(self, beat: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `beat` now and then, from another thread, until the context ends.

        The work itself never sees what `beat` raises: `Unavailable` is tried again at the next interval, anything
        else ends the beating. After the context has ended `beat` isn't running and won't run again.
        """
