"""Name lookups that end by a deadline.

The system's resolver can't be interrupted, and may take half a minute for a name whose servers don't answer. So it runs
in a thread of its own, which is left alone after the deadline. The number of these threads is limited.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from attrs import field, frozen, validators

LOOKUPS_MAX: Final = 16

Found = TypeVar("Found")


class LookupTimeout(OSError):
    """The lookup took too long, or too many others do."""


@frozen
class Lookups:
    """Runs at most `lookups_max` lookups at once, including those whose callers have given up."""

    lookups_max: int = field(default=LOOKUPS_MAX, validator=validators.ge(1))
    _slots: threading.Semaphore = field(init=False, repr=False, eq=False)

    @_slots.default
    def _all_free(self) -> threading.Semaphore:
        return threading.Semaphore(self.lookups_max)

    def run(self, look_up: Callable[[], Found], *, timeout_s: float) -> Found:
        """Return what a lookup returns, or raise what it raises.

        Raises:
            LookupTimeout: it has no result after `timeout_s`, or couldn't begin by then.
        """
        until_s = time.monotonic() + timeout_s
        if not self._slots.acquire(timeout=max(0.0, timeout_s)):
            raise LookupTimeout
        future: Future[Found] = Future()
        try:
            threading.Thread(target=self._run, args=(look_up, future), name="lookup", daemon=True).start()
        except BaseException:
            self._slots.release()
            raise
        try:
            return future.result(timeout=max(0.0, until_s - time.monotonic()))
        except TimeoutError as error:
            if future.done():
                raise  # the lookup's own
            raise LookupTimeout from error

    def _run(self, look_up: Callable[[], Found], future: "Future[Found]") -> None:
        try:
            future.set_result(look_up())
        except BaseException as error:  # noqa: BLE001  # the caller's
            future.set_exception(error)
        finally:
            self._slots.release()
