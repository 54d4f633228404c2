"""The background port."""

from collections.abc import Callable
from typing import Protocol


class Background(Protocol):
    """Runs actions in the background, one after another, while the process lives.

    It only hastens what a periodic task would do later.
    """

    def soon(self, action: Callable[[], object]) -> bool:
        """Run `action` after those that wait, and return without waiting for it.

        An action that raises doesn't keep the next ones from running. If too many wait, `action` is never run, and this
        returns `False`.
        """
