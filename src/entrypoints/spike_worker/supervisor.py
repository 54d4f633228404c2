"""The supervisor: starts worker processes, restarts those that die, and stops them gracefully."""

import math
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Final

from attrs import define, field, frozen, validators

from spike_runtime.logs import get_logger

_PAUSE: Final = timedelta(seconds=1)  # before a dead process is restarted; doubled each time it dies young
_PAUSE_MAX: Final = timedelta(seconds=30)
_YOUTH: Final = timedelta(seconds=60)
_ORDERLY: Final = (0, -signal.SIGTERM)  # the latter if the signal came before the process could handle it


@frozen(kw_only=True)
class Backoff:
    """The delays before restarts."""

    pause: timedelta = _PAUSE
    pause_max: timedelta = _PAUSE_MAX
    youth: timedelta = _YOUTH

    def before_restart(self, *, early_deaths: int) -> timedelta:
        """Return the delay after `early_deaths` consecutive deaths, each within `youth` of the start."""
        pause = self.pause
        for _ in range(early_deaths):
            pause = min(pause * 2, self.pause_max)
        return pause


@define
class _Post:
    """A slot for one process, with the history of its processes."""

    number: int
    early_deaths: int = 0  # consecutive
    restart_s: float = 0.0  # the earliest time of the next start


@frozen(eq=False)
class _Worker:
    """A process in its slot."""

    post: _Post
    process: "subprocess.Popen[bytes]"
    started_s: float


@frozen
class _Ended:
    worker: _Worker


@frozen
class _Stop:
    pass


_Events = queue.SimpleQueue[_Ended | _Stop]


@frozen(kw_only=True)
class Supervisor:
    """Keeps a number of processes of one command alive until SIGTERM or SIGINT.

    A process detects the end of the supervisor, even by SIGKILL, by the end of its standard input. Each process has its
    own session, so that Ctrl-C in a terminal reaches the supervisor alone.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    processes: int = field(validator=validators.ge(1))
    grace: timedelta  # between SIGTERM and SIGKILL
    backoff: Backoff = Backoff()

    def run(self) -> bool:
        """Run until signalled; return whether all processes then ended gracefully: none failed, none was killed."""
        events = _Events()
        workers: list[_Worker] = []
        with _told_to_stop(events):
            try:
                self._keep_alive(workers, events)
            finally:
                is_orderly = self._end(workers, events)
        return is_orderly

    def _keep_alive(self, workers: list[_Worker], events: _Events) -> None:
        vacant = [_Post(number) for number in range(1, self.processes + 1)]
        while True:
            now_s = time.monotonic()
            for post in [post for post in vacant if post.restart_s <= now_s]:
                vacant.remove(post)
                workers.append(self._started(post, events))
            wait_s = min((post.restart_s - now_s for post in vacant), default=None)
            match _next(events, wait_s=wait_s):
                case _Stop():
                    return
                case _Ended(worker):
                    workers.remove(worker)
                    self._note_death(worker)
                    vacant.append(worker.post)

    def _started(self, post: _Post, events: _Events) -> _Worker:
        process = subprocess.Popen(  # noqa: S603  # our own command
            list(self.command), env=dict(self.environment), stdin=subprocess.PIPE, start_new_session=True
        )
        worker = _Worker(post, process, time.monotonic())
        get_logger(__name__).info("worker process started", number=post.number, pid=process.pid)

        def monitor() -> None:
            process.wait()
            assert process.stdin is not None
            process.stdin.close()
            events.put(_Ended(worker))

        threading.Thread(target=monitor, name=f"watch-{process.pid}", daemon=True).start()
        return worker

    def _note_death(self, worker: _Worker) -> None:
        post, now_s = worker.post, time.monotonic()
        is_early = now_s - worker.started_s < self.backoff.youth.total_seconds()
        pause = self.backoff.before_restart(early_deaths=post.early_deaths if is_early else 0)
        post.early_deaths = post.early_deaths + 1 if is_early else 0
        post.restart_s = now_s + pause.total_seconds()
        get_logger(__name__).warning(
            "worker process died",
            number=post.number,
            pid=worker.process.pid,
            exit_code=worker.process.returncode,
            restart_in_s=pause.total_seconds(),
        )

    def _end(self, workers: list[_Worker], events: _Events) -> bool:
        log = get_logger(__name__)
        log.info("stopping the worker processes", processes=len(workers))
        for worker in workers:
            worker.process.terminate()
        is_orderly = True
        until_s = time.monotonic() + self.grace.total_seconds()
        while workers:
            match _next(events, wait_s=max(0.0, until_s - time.monotonic())):
                case _Ended(worker):
                    workers.remove(worker)
                    is_orderly = worker.process.returncode in _ORDERLY and is_orderly
                case _Stop():
                    continue  # as logged before
                case None:
                    is_orderly, until_s = False, math.inf
                    for worker in workers:
                        log.error("worker process doesn't stop and is killed", pid=worker.process.pid)
                        worker.process.kill()
        return is_orderly


def _next(events: _Events, *, wait_s: float | None) -> _Ended | _Stop | None:
    """Return the next event, or `None` if there is none within the time-out, if any."""
    try:
        return events.get(timeout=None if wait_s is None or math.isinf(wait_s) else max(0.0, wait_s))
    except queue.Empty:
        return None


@contextmanager
def _told_to_stop(events: _Events) -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        events.put(_Stop())  # the one way in which a signal handler can safely wake a waiting thread

    earlier = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
