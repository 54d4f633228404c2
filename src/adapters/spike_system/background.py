"""Actions in the background, by one thread."""

import logging
import os
import threading
from collections.abc import Callable
from typing import Final

from attrs import define, field

from spike_core.ports.background import Urgency
from spike_core.services.waiting_actions import PLACES, WaitingActions

_log: Final = logging.getLogger(__name__)


@define(eq=False)
class ThreadBackground:
    """Runs actions in one thread, which starts with the first action and ends with the process."""

    places: int = PLACES
    _lane: "_Lane | None" = field(default=None, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _is_closed: bool = field(default=False, init=False)

    def soon(self, action: Callable[[], object], *, key: str, caller: str, urgency: Urgency) -> bool:
        """Run an action in its turn; see the port."""
        with self._lock:
            if self._is_closed:
                return False
            lane = self._lane_of_this_process()
            if lane is None:
                lane = self._lane = _Lane(WaitingActions(self.places))
                lane.thread.start()
        with lane.changed:
            is_accepted = lane.waiting.add(action, key=key, caller=caller, urgency=urgency)
            lane.changed.notify()
        return is_accepted

    def hasten(self, key: str) -> None:
        """Let an action that waits run before others; see the port."""
        if (lane := self._lane_of_this_process()) is not None:
            with lane.changed:
                lane.waiting.hasten(key)

    def close(self) -> None:
        """Run nothing further. An action in progress isn't waited for: see `join`."""
        with self._lock:
            self._is_closed = True
            lane = self._lane_of_this_process()
        if lane is not None:
            with lane.changed:
                lane.is_closed = True
                lane.waiting.clear()
                lane.changed.notify()

    def join(self, *, timeout_s: float) -> None:
        """Wait so long for the action that was in progress when the background was closed."""
        if (lane := self._lane_of_this_process()) is not None:
            lane.thread.join(timeout_s)

    def _lane_of_this_process(self) -> "_Lane | None":
        """Return the lane, unless it is the parent's: a fork has neither its thread nor what waits for it."""
        lane = self._lane
        return lane if lane is not None and lane.pid == os.getpid() else None


@define(eq=False)
class _Lane:
    """A thread, and what waits for it."""

    waiting: WaitingActions
    changed: threading.Condition = field(factory=threading.Condition, init=False)
    pid: int = field(factory=os.getpid, init=False)
    is_closed: bool = field(default=False, init=False)
    thread: threading.Thread = field(init=False)

    @thread.default
    def _daemon(self) -> threading.Thread:
        return threading.Thread(target=self._run, name="background", daemon=True)

    def _run(self) -> None:
        while (entry := self._next()) is not None:
            key, action = entry
            try:
                action()
            except Exception:  # noqa: BLE001  # the next action mustn't suffer
                _log.exception("an action in the background failed")
            finally:
                with self.changed:
                    self.waiting.finish(key)

    def _next(self) -> tuple[str, Callable[[], object]] | None:
        """Return what runs next, once there is something; `None` once the background is closed."""
        with self.changed:
            while not self.is_closed:
                if (entry := self.waiting.take()) is not None:
                    return entry
                self.changed.wait()
        return None
