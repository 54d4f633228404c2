"""`?wait=N`: an answer that comes when the work is done, or N seconds later.

Whoever waits holds a thread. So at most half of the server's threads wait at once, and beyond that the answer comes
right away, with a hint when to ask again. A server that is about to end lets nobody wait any longer.
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

Seen = TypeVar("Seen")


@frozen(kw_only=True)
class Patience:
    """Lets requests wait, but not all of them."""

    waiters_max: int = field(validator=validators.ge(1))
    closing: threading.Event
    _slots: threading.Semaphore = field(init=False, repr=False)

    @_slots.default
    def _all_free(self) -> threading.Semaphore:
        return threading.BoundedSemaphore(self.waiters_max)

    def seen(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        *,
        first: Seen,
        again: Callable[[], Seen],
        is_done: Callable[[Seen], bool],
    ) -> Seen:
        """Return `first` if it is done or nobody wants to wait; else what `again` shows when it is, or time is up.

        Raises:
            InvalidValue: `?wait` isn't a number of seconds that may be waited.
        """
        seconds = wait_seconds(req)
        if not seconds or is_done(first):
            return first
        if not self._slots.acquire(blocking=False):
            resp.set_header("Retry-After", str(RETRY_AFTER_S))
            return first
        try:
            return self._watched(first, again, is_done, until=time.monotonic() + seconds)
        finally:
            self._slots.release()

    def _watched(self, seen: Seen, again: Callable[[], Seen], is_done: Callable[[Seen], bool], *, until: float) -> Seen:
        pause_s = _FIRST_PAUSE_S
        while not is_done(seen) and (left_s := until - time.monotonic()) > 0:
            if self.closing.wait(min(pause_s, left_s)):
                break
            pause_s = min(pause_s * 1.5, _PAUSE_S_MAX)
            seen = again()
        return seen
