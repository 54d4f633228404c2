"""The background port."""

from collections.abc import Callable
from typing import Protocol


class Background(Protocol):
    """Runs actions in the background, one after another, while the process lives.

    It only hastens what a periodic task would do later. It has a limited number of places, which the actions that wait
    or run hold; those of one caller hold at most half of them.
    """

    def soon(self, action: Callable[[], object], *, key: str, caller: str) -> bool:
        """Run `action` after those that wait, and return without waiting for it.

        An action whose `key` already waits or runs isn't run again. An action that raises doesn't keep the next ones
        from running. If there is no place for it, `action` is never run, and this returns `False`.
        """
