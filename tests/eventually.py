"""Waiting for other threads and processes, with a deadline."""

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

PATIENCE_S: Final = 60.0  # a test that waits longer fails
_PAUSE_S: Final = 0.03  # between two checks

Seen = TypeVar("Seen")


def eventually(what: str, look: Callable[[], Seen]) -> Seen:
    """Call `look` until it returns a true value, and return that."""
    pause, deadline_s = threading.Event(), time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        if seen := look():
            return seen
        pause.wait(_PAUSE_S)
    raise AssertionError(f"never seen: {what}")


def progressing(what: str, left: Callable[[], int]) -> None:
    """Call `left` until it returns 0; the deadline restarts whenever it returns less than ever before."""
    pause, least, deadline_s = threading.Event(), None, time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        if not (count := left()):
            return
        if least is None or count < least:
            least, deadline_s = count, time.monotonic() + PATIENCE_S
        pause.wait(_PAUSE_S)
    raise AssertionError(f"never seen: {what}; {least} are left")
