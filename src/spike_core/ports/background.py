"""The background port."""

from collections.abc import Callable
from enum import IntEnum
from typing import Protocol


class Urgency(IntEnum):
    """How urgent an action is. The lower numbers come first."""

    NOW = 0  # someone looks at what it makes
    SOON = 1
    LATER = 2


class Background(Protocol):
    """Runs actions in the background, one after another, while the process lives.

    It only hastens what a periodic task would do later. It has a limited number of places, which the actions that wait
    or run hold; those of one caller hold at most half of them.
    """

    def soon(self, action: Callable[[], object], *, key: str, caller: str, urgency: Urgency) -> bool:
        """Run `action` in its turn, and return without waiting for it.

        The most urgent actions run first. Of equally urgent ones, the callers have one after another run, and who asks
        again keeps the turn; of a caller's those that were asked for first, but at `NOW` the one that was asked for
        last: earlier ones were looked at earlier. An action whose `key` already waits or runs isn't run again; if it
        waits, it becomes as urgent as it is asked for here. An action that raises doesn't keep the next ones from
        running. If there is no place for it, `action` is never run, and this returns `False`.
        """

    def hasten(self, key: str) -> None:
        """Let the action of this key run as if it were asked for `NOW`, if it waits."""
