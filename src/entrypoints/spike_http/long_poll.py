"""Long polling with `?wait=N`: respond when the work is done, or after N seconds.

A request that waits occupies a thread, so it needs a place at the bulkhead. Without one it is answered immediately, and
it is answered when another request needs its place, with a `Retry-After` either way. Waiting ends when the server shuts
down.
"""

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

import falcon
from attrs import frozen

from spike_http.bulkhead import Bulkhead, ServerBusy
from spike_http.requests.query import wait_seconds

RETRY_AFTER_S: Final = 2
_FIRST_PAUSE_S: Final = 0.05
_PAUSE_S_MAX: Final = 0.5
_PAUSE_GROWTH: Final = 1.5

State = TypeVar("State")


@frozen(kw_only=True)
class LongPoll:
    """Polls a state on behalf of waiting requests."""

    bulkhead: Bulkhead
    closing: threading.Event

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
        try:
            with self.bulkhead.long_poll() as is_needed:
                polls = self._poll(is_over, is_needed, until_s=time.monotonic() + seconds)
        except ServerBusy:
            resp.set_header("Retry-After", str(RETRY_AFTER_S))
            return first
        if is_needed.is_set():
            resp.set_header("Retry-After", str(RETRY_AFTER_S))
        return again() if polls else first

    def _poll(self, is_over: Callable[[], bool], is_needed: threading.Event, *, until_s: float) -> int:
        """Poll until it is over, the place is needed, time is up or the server shuts down; return how often."""
        pause_s, polls = _FIRST_PAUSE_S, 0
        while not self.closing.is_set() and (left_s := until_s - time.monotonic()) > 0:
            if is_needed.wait(min(pause_s, left_s)):
                break
            pause_s = min(pause_s * _PAUSE_GROWTH, _PAUSE_S_MAX)
            polls += 1
            if is_over():
                break
        return polls
