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
        again: Callable[[], State],
        is_done: Callable[[State], bool],
    ) -> State:
        """Return the first state that is done, or the latest one when the time that the client waits is up.

        `first` is the present state and `again` reads it anew. Without `?wait` the result is `first`.

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
            return self._poll(first, again, is_done, until_s=time.monotonic() + seconds)
        finally:
            self._slots.release()

    def _poll(
        self, state: State, again: Callable[[], State], is_done: Callable[[State], bool], *, until_s: float
    ) -> State:
        pause_s = _FIRST_PAUSE_S
        while not is_done(state) and (left_s := until_s - time.monotonic()) > 0:
            if self.closing.wait(min(pause_s, left_s)):
                break
            pause_s = min(pause_s * _PAUSE_GROWTH, _PAUSE_S_MAX)
            state = again()
        return state
