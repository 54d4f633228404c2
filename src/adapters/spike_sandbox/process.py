"""One child, seen from its parent: started, given work, ended."""

import contextlib
import io
import logging
import math
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from multiprocessing import spawn
from typing import Final, TypeVar

from attrs import define, field

from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_sandbox.error_codec import from_data
from spike_sandbox.exits import BrokeProtocol, Died, TimedOut
from spike_sandbox.files import as_file
from spike_sandbox.limits import Limits
from spike_sandbox.protocol import BUFFER_BYTES, Channel, Gone, MalformedMessage, TooSlow
from spike_sandbox.work import WorkOrder, WorkResult

RESULT_BYTES_MAX: Final = 512 * 1024 * 1024
START_MAX_S: Final = 60.0
STOP_MAX_S: Final = 2.0  # for a child to notice that nobody waits, or to end
LOOK_S: Final = 0.5  # between two questions whether anybody waits still
_CODE: Final = "spike_sandbox.child"
_SECRET: Final = re.compile(r"SPIKE_(?!TEST_)|AWS_|PG")  # names of settings and credentials begin so

Result = TypeVar("Result")


@define(eq=False)
class Child:
    """A child process that is at work on at most one thing. One thread at a time may use it."""

    _process: "subprocess.Popen[bytes]"
    _wire: Channel
    _limits: Limits
    is_idle: bool = field(default=False, init=False)
    works: int = field(default=0, init=False)  # how many it was given
    is_worn: bool = field(default=False, init=False)  # it keeps so much memory that it should do no more

    @classmethod
    def start(cls, pickled_tools: bytes, *, limits: Limits) -> "Child":
        """Start a child and wait until it has built its engine.

        Raises:
            End: it didn't come to that.
            OSError: no process can be started.
            Exception: what building the engine raised.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            for end in (ours, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
            try:
                process = subprocess.Popen(  # noqa: S603  # our own command
                    [spawn.get_executable() or sys.executable, "-P", "-m", _CODE, str(theirs.fileno())],
                    env=_environment(),
                    stdin=subprocess.PIPE,  # the lifeline: nothing is ever written to it
                    stdout=sys.__stderr__.fileno() if sys.__stderr__ else subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # Ctrl-C in the terminal isn't for it
                )
            except BaseException:
                ours.close()
                raise
        child = cls(process, Channel(ours), limits)
        try:
            child._introduce(pickled_tools)
        except BaseException:
            child.end()
            raise
        return child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it is still there."""
        return self._process.poll() is None

    def work(self, order: WorkOrder, *, read: Callable[[WorkResult], Result], monitor: ProgressMonitor) -> Result:
        """Have the work done and return what `read` makes of it. After an `End` the child is gone, else it is idle.

        `monitor` hears of the progress, and of there being none, from this thread; what it raises ends the work and
        passes through.

        Raises:
            End: the child ended before it was done, or was ended at a limit.
            Exception: what the engine raised.
        """
        assert self.is_idle, "one piece of work at a time"
        self.is_idle = False
        self.works += 1
        until_s = time.monotonic() + self._limits.wall_time.total_seconds()
        with self._ended_unless_idle():
            self._give(order, until_s)
            return read(self._answer(monitor, until_s))

    def end(self) -> None:
        """End it: in order where it is idle, at once where it isn't; return when it is gone. Again does nothing."""
        self.hang_up()
        if not self.is_idle:
            self._process.kill()
        self.is_idle = False
        try:
            self._process.wait(STOP_MAX_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()

    def hang_up(self) -> None:
        """Tell it to end once it is idle; don't wait."""
        self._wire.close()

    def kill(self) -> None:
        """End it at once, from any thread; whoever has given it work hears of it, and must still call `end`."""
        self._process.kill()

    def _introduce(self, pickled_tools: bytes) -> None:
        until_s = time.monotonic() + START_MAX_S
        with self._ended_unless_idle():
            self._wire.send({"memory_bytes": self._limits.memory_bytes}, until_s=until_s)
            self._wire.send_bytes(io.BytesIO(pickled_tools), until_s=until_s)
            self._answer(UNMONITORED, until_s)

    def _give(self, order: WorkOrder, until_s: float) -> None:
        cpu_s = math.ceil(self._limits.cpu_time.total_seconds())
        with ExitStack() as stack:
            files = [stack.enter_context(as_file(picture)) for picture in order.pictures]
            begins = [
                None if file is None else picture.tell() for picture, file in zip(order.pictures, files, strict=True)
            ]
            self._wire.send({**order.told, "begins": begins, "cpu_s": cpu_s}, until_s=until_s)
            for picture, file in zip(order.pictures, files, strict=True):
                if file is None:
                    self._wire.send_bytes(picture, until_s=until_s)
                else:
                    self._wire.send_file(file, until_s=until_s)

    def _answer(self, monitor: ProgressMonitor, until_s: float) -> WorkResult:
        done = 0.0
        while True:
            if not self._wire.has_more(until_s=min(until_s, time.monotonic() + LOOK_S)):
                if time.monotonic() >= until_s:
                    raise TooSlow
                self._tell(monitor, done)
                continue
            message = self._wire.receive(until_s=until_s)
            self.is_worn |= message.get("is_worn") is True
            match message:
                case {"is": "progress", "done": int() | float() as told}:
                    done = min(1.0, max(done, told))
                    self._tell(monitor, done)
                case {"is": "log", "level": int() as level, "name": str() as name, "text": str() as text}:
                    logging.getLogger(name).log(level, "%s", text)
                case {"is": "done", "told": told, "has_content": bool() as has_content}:
                    content = None
                    if has_content:
                        content = self._wire.receive_bytes(bytes_max=RESULT_BYTES_MAX, until_s=until_s)
                    self.is_idle = True
                    return WorkResult(told, content)
                case {"is": "error"} as told:
                    self.is_idle = True
                    raise from_data(told)
                case _:
                    raise MalformedMessage("an unknown message")

    def _tell(self, monitor: ProgressMonitor, done: float) -> None:
        """Report; where nobody waits any more, have the child stop, so that it can be used again."""
        try:
            monitor.report(done)
        except BaseException:
            with contextlib.suppress(Exception):  # whatever comes of it, nobody waits; a child that isn't idle is ended
                until_s = time.monotonic() + STOP_MAX_S
                self._wire.send({"do": "stop"}, until_s=until_s)
                self._answer(UNMONITORED, until_s)
            raise

    @contextmanager
    def _ended_unless_idle(self) -> Iterator[None]:
        """End the child where a conversation breaks off, and say why it did."""
        try:
            yield
        except TooSlow as error:
            self.end()
            raise TimedOut(self._limits.wall_time.total_seconds()) from error
        except MalformedMessage as error:
            self.end()
            raise BrokeProtocol(str(error)) from error
        except Gone as error:
            raise Died(self._exit_code()) from error
        except BaseException:
            if not self.is_idle:
                self.end()
            raise

    def _exit_code(self) -> int:
        """Return the code of a child that hung up, and is ending."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_MAX_S)
        self.end()
        return self._process.returncode


def _environment() -> Mapping[str, str]:
    """Return a child's environment: ours without settings and secrets, and with our import path."""
    kept = {name: value for name, value in os.environ.items() if not _SECRET.match(name)}
    return {**kept, "PYTHONPATH": os.pathsep.join(path or os.curdir for path in sys.path)}
