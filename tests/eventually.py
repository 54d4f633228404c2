"""Waiting for other threads and processes, with a deadline."""

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

PATIENCE_S: Final = 60.0  # a test that waits longer fails
_PAUSE_S: Final = 0.03  # between two checks, at first
_PAUSE_S_MAX: Final = 0.2
_PAUSE_SHARE: Final = 0.1  # of the time that has passed: checks that cost more than what they wait for slow it down

Seen = TypeVar("Seen")


def eventually(what: str, look: Callable[[], Seen]) -> Seen:
    """Call `look` until it returns a true value, and return that."""
    began_s = time.monotonic()
    while time.monotonic() < began_s + PATIENCE_S:
        if seen := look():
            return seen
        _pause(began_s)
    raise AssertionError(f"never seen: {what}")


def progressing(what: str, left: Callable[[], int]) -> None:
    """Call `left` until it returns 0; the deadline restarts whenever it returns less than ever before."""
    least, began_s, deadline_s = None, time.monotonic(), time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        if not (count := left()):
            return
        if least is None or count < least:
            least, deadline_s = count, time.monotonic() + PATIENCE_S
        _pause(began_s)
    raise AssertionError(f"never seen: {what}; {least} are left")


def _pause(began_s: float) -> None:
    passed_s = time.monotonic() - began_s
    threading.Event().wait(max(_PAUSE_S, min(_PAUSE_S_MAX, _PAUSE_SHARE * passed_s)))
