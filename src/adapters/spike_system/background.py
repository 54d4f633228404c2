"""Actions in the background, by one thread."""

import logging
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

from attrs import define, field, validators

PLACES: Final = 100

_log: Final = logging.getLogger(__name__)
_Queue = SimpleQueue[tuple[str, Callable[[], object]] | None]


@define(eq=False)
class ThreadBackground:
    """Runs actions in one thread, which starts with the first action and ends with the process."""

    places: int = field(default=PLACES, validator=validators.ge(2))
    _pid: int = field(default=0, init=False)
    _queue: _Queue = field(factory=SimpleQueue, init=False)
    _callers: dict[str, str] = field(factory=dict, init=False)  # by the key of what waits or runs
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _is_closed: bool = field(default=False, init=False)

    def soon(self, action: Callable[[], object], *, key: str, caller: str) -> bool:
        """Run an action soon; see the port."""
        with self._lock:
            if self._is_closed:
                return False
            if self._pid != os.getpid():  # in a fork, the thread is the parent's
                self._pid, self._queue, self._callers = os.getpid(), SimpleQueue(), {}
                self._thread = threading.Thread(
                    target=_run, args=(self._queue, self._callers), name="background", daemon=True
                )
                self._thread.start()
            if key in self._callers:
                return True
            callers = list(self._callers.values())  # at once, since the thread removes keys without the lock
            if len(callers) >= self.places or callers.count(caller) >= self.places // 2:
                return False
            self._callers[key] = caller
            self._queue.put((key, action))
        return True

    def close(self) -> None:
        """Run nothing further. An action in progress isn't waited for: see `join`."""
        with self._lock:
            self._is_closed = True
            while not self._queue.empty():
                self._queue.get()
            self._queue.put(None)

    def join(self, *, timeout_s: float) -> None:
        """Wait so long for the action that was in progress when the background was closed."""
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join(timeout_s)


def _run(queue: _Queue, callers: dict[str, str]) -> None:
    while (entry := queue.get()) is not None:
        key, action = entry
        try:
            action()
        except Exception:  # noqa: BLE001  # the next action mustn't suffer
            _log.exception("an action in the background failed")
        finally:
            del callers[key]
