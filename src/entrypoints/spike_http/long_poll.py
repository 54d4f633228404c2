"""Long polling with `?wait=N`: respond when the work is done, or after N seconds.

A request that waits occupies a thread. So at most half of the server's threads wait at a time; any further request is
answered immediately, with a `Retry-After`. Waiting ends when the server shuts down.
"""

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

import falcon
from attrs import field, frozen, validators

from spike_http.requests.query import wait_seconds

RETRY_AFTER_S: Final = 2
_FIRST_PAUSE_S: Final = 0.05
_PAUSE_S_MAX: Final = 0.5
_PAUSE_GROWTH: Final = 1.5

State = TypeVar("State")


@frozen(kw_only=True)
class LongPoll:
    """Polls a state on behalf of waiting requests, at most `waiters_max` at a time."""

    waiters_max: int = field(validator=validators.ge(1))
    closing: threading.Event
    _slots: threading.Semaphore = field(init=False, repr=False)

    @_slots.default
    def _all_free(self) -> threading.Semaphore:
        return threading.BoundedSemaphore(self.waiters_max)

    def wait(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        *,
        first: State,
        is_done: Callable[[State], bool],
        is_over: Callable[[], bool],
        again: Callable[[], State],
    ) -> State:
        """Return the state once it is done, or when the time that the client waits is up.

        `first` is the present state. While it isn't done, `is_over` is polled, which should cost less than `again`:
        that reads the whole state, once, at the end. Without `?wait` the result is `first`.

        Raises:
            InvalidValue: `?wait` isn't a whole number of seconds within the limit.
        """
        seconds = wait_seconds(req)
        if not seconds or is_done(first):
            return first
        if not self._slots.acquire(blocking=False):
            resp.set_header("Retry-After", str(RETRY_AFTER_S))
            return first
        try:
            return again() if self._poll(is_over, until_s=time.monotonic() + seconds) else first
        finally:
            self._slots.release()

    def _poll(self, is_over: Callable[[], bool], *, until_s: float) -> int:
        """Poll until it is over, time is up or the server shuts down; return how often."""
        pause_s, polls = _FIRST_PAUSE_S, 0
        while (left_s := until_s - time.monotonic()) > 0 and not self.closing.wait(min(pause_s, left_s)):
            pause_s = min(pause_s * _PAUSE_GROWTH, _PAUSE_S_MAX)
            polls += 1
            if is_over():
                break
        return polls
