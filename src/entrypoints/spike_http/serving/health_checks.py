"""Health checks of the components that the service depends on: in parallel, with one deadline for all."""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from datetime import timedelta
from typing import Final, Literal

from attrs import frozen

from spike_core.domain.errors import Unavailable
from spike_runtime.logs import get_logger

TIMEOUT: Final = timedelta(seconds=2)  # for all checks together; load balancers usually wait about five seconds

EXHAUSTED_LOOKS: Final = 10  # none of which finds anything free
_LOOK_S: Final = 0.05  # between two of them
THREADS_KEY: Final = "spike.requests_wait"  # of the WSGI environment: tells whether requests wait for a thread

# `timeout`: there is no result yet; `exhausted`: all is in use, and requests wait; `absent`: there is none
State = Literal["ok", "unavailable", "timeout", "exhausted", "absent"]


class Exhausted(Exception):
    """Nothing was free for a while."""


class Absent(Exception):
    """There is none of what is looked for."""


def lasting(is_exhausted: Callable[[], bool]) -> Callable[[], None]:
    """Return a check that fails if all is in use for half a second; at a peak, that may be so for a moment.

    The check raises `Exhausted`.
    """

    def check() -> None:
        for _ in range(EXHAUSTED_LOOKS):
            if not is_exhausted():
                return
            time.sleep(_LOOK_S)
        raise Exhausted

    return check


class HealthCheck:
    """The check of one component. Concurrent callers share one run.

    So a component that hangs blocks a single thread, however often it is checked.
    """

    def __init__(self, name: str, ping: Callable[[], object]) -> None:
        """Run nothing yet; `ping` raises `Unavailable` if the component doesn't respond, `Exhausted` or `Absent`."""
        self.name = name
        self._ping = ping
        self._lock = threading.Lock()
        self._latest: Future[State] | None = None

    def start(self) -> "CheckRun":
        """Start a run, or join the one that is in progress."""
        with self._lock:
            if self._latest is not None and not self._latest.done():
                return CheckRun(check=self, future=self._latest, is_joined=True)
            self._latest = Future()
            threading.Thread(target=self._run, args=(self._latest,), name=f"ready-{self.name}", daemon=True).start()
            return CheckRun(check=self, future=self._latest, is_joined=False)

    def _run(self, future: "Future[State]") -> None:
        log = get_logger(__name__)
        try:
            self._ping()
        except Unavailable as error:
            log.warning("not ready", part=self.name, why=str(error.__cause__ or error))
            future.set_result("unavailable")
        except Exhausted:
            log.warning("not ready", part=self.name, why="exhausted")
            future.set_result("exhausted")
        except Absent:
            log.warning("not ready", part=self.name, why="absent")
            future.set_result("absent")
        except Exception:
            log.exception("not ready", part=self.name)
            future.set_result("unavailable")
        else:
            future.set_result("ok")


@frozen(kw_only=True)
class CheckRun:
    """A run of a health check."""

    check: HealthCheck
    future: "Future[State]"
    is_joined: bool  # an earlier caller has started it

    def result(self, *, until_s: float) -> State:
        """Return the component's state, or `timeout` if there is none by `until_s` on the monotonic clock.

        A failure of a joined run may be out of date: the component may have recovered since the run began. So the
        check is run once more.
        """
        state = _wait(self.future, until_s=until_s)
        if state == "unavailable" and self.is_joined:
            return _wait(self.check.start().future, until_s=until_s)
        return state


def run_checks(checks: Collection[HealthCheck], *, timeout: timedelta = TIMEOUT) -> Mapping[str, State]:
    """Return the state of each component by the name of its check, after `timeout` at the latest."""
    until_s = time.monotonic() + timeout.total_seconds()
    runs = {check.name: check.start() for check in checks}
    return {name: run.result(until_s=until_s) for name, run in runs.items()}


def _wait(future: "Future[State]", *, until_s: float) -> State:
    try:
        return future.result(timeout=max(0.0, until_s - time.monotonic()))
    except TimeoutError:
        return "timeout"
