"""Actions in the background, by one thread."""

import logging
import os
import queue
import threading
from collections.abc import Callable
from typing import Final

from attrs import define, field, validators

WAITING_MAX: Final = 100

_log: Final = logging.getLogger(__name__)


@define(eq=False)
class ThreadBackground:
    """Runs actions in one thread, which starts with the first action and ends with the process."""

    waiting_max: int = field(default=WAITING_MAX, validator=validators.ge(1))
    _pid: int = field(default=0, init=False)
    _waiting: "queue.Queue[Callable[[], object] | None]" = field(init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _is_closed: bool = field(default=False, init=False)

    @_waiting.default
    def _none_waiting(self) -> "queue.Queue[Callable[[], object] | None]":
        return queue.Queue(self.waiting_max)

    def soon(self, action: Callable[[], object]) -> bool:
        """Run an action soon; see the port."""
        with self._lock:
            if self._is_closed:
                return False
            if self._pid != os.getpid():  # in a fork, the thread is the parent's
                self._pid, self._waiting = os.getpid(), self._none_waiting()
                self._thread = threading.Thread(target=_run, args=(self._waiting,), name="background", daemon=True)
                self._thread.start()
            try:
                self._waiting.put_nowait(action)
            except queue.Full:
                return False
        return True

    def close(self) -> None:
        """Run nothing further. An action in progress isn't waited for: see `join`."""
        with self._lock:
            self._is_closed = True
            while not self._waiting.empty():
                self._waiting.get_nowait()
            self._waiting.put_nowait(None)

    def join(self, *, timeout_s: float) -> None:
        """Wait so long for the action that was in progress when the background was closed."""
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join(timeout_s)


def _run(waiting: "queue.Queue[Callable[[], object] | None]") -> None:
    while (action := waiting.get()) is not None:
        try:
            action()
        except Exception:  # noqa: BLE001  # the next action mustn't suffer
            _log.exception("an action in the background failed")
