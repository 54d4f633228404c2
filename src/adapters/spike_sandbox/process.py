"""A child process as its parent uses it: start, work, end."""

import contextlib
import io
import logging
import math
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from multiprocessing import spawn
from typing import Final, TypeVar

from attrs import define, field

from spike_core.domain.catalog import RESULT_PIXELS_MAX
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_sandbox.attack_attempts import Attempt
from spike_sandbox.child_exits import BrokeProtocol, ChildExit, Died, TimedOut
from spike_sandbox.child_tasks import WorkOrder, WorkResult
from spike_sandbox.environment import child_environment
from spike_sandbox.error_codec import from_data
from spike_sandbox.files import as_file
from spike_sandbox.isolation import Isolation, Layer, Surroundings
from spike_sandbox.limits import Limits
from spike_sandbox.protocol import BUFFER_BYTES, Channel, Gone, MalformedMessage, TimeUp

RESULT_BYTES_MAX: Final = 8 * RESULT_PIXELS_MAX  # of RGBA, with room for what an encoder may add
START_MAX_S: Final = 60.0
ATTEMPT_MAX_S: Final = 20.0
STOP_MAX_S: Final = 2.0  # for a child to stop a task, or to exit
REPORT_S: Final = 0.5  # between two calls of the progress monitor
_CODE: Final = "spike_sandbox.child"

Result = TypeVar("Result")


@define(eq=False)
class Child:
    """A child process that performs at most one task at a time. One thread at a time may use it."""

    _process: "subprocess.Popen[bytes]"
    _channel: Channel
    _limits: Limits
    is_idle: bool = field(default=False, init=False)
    lacking: Mapping[Layer, str] = field(factory=dict, init=False)  # layers of isolation, and why they are lacking
    tasks: int = field(default=0, init=False)  # the number of tasks it was given
    is_worn: bool = field(default=False, init=False)  # it retains so much memory that it should be replaced

    @classmethod
    def start(cls, pickled_tools: bytes, *, limits: Limits, surroundings: Surroundings) -> "Child":
        """Start a child and wait until it has built its engine and is isolated.

        Raises:
            ChildExit: it exited before that.
            OSError: no process can be started.
            Exception: the error that building the engine raised.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            for end in (ours, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
            try:
                process = subprocess.Popen(  # noqa: S603  # our own command
                    [spawn.get_executable() or sys.executable, "-P", "-m", _CODE, str(theirs.fileno())],
                    env=child_environment(also=surroundings.variables),
                    stdin=subprocess.PIPE,  # the lifeline: nothing is written to it
                    stdout=sys.__stderr__.fileno() if sys.__stderr__ else subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # so that Ctrl-C in the terminal doesn't reach it
                )
            except BaseException:
                ours.close()
                raise
        child = cls(process, Channel(ours), limits)
        try:
            child._introduce(pickled_tools, surroundings.isolation)
        except BaseException:
            child.end()
            raise
        return child

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process exists."""
        return self._process.poll() is None

    def work(self, order: WorkOrder, *, read: Callable[[WorkResult], Result], monitor: ProgressMonitor) -> Result:
        """Perform a task and return what `read` makes of the result. After a `ChildExit` the child is gone, else idle.

        `monitor` is called from this thread, also while there is no progress; what it raises stops the task and
        propagates.

        Raises:
            ChildExit: the child exited before it was done, or was killed at a limit.
            Exception: the error that the engine raised.
        """
        assert self.is_idle, "one piece of work at a time"
        self.is_idle = False
        self.tasks += 1
        until_s = time.monotonic() + self._limits.wall_time.total_seconds()
        with self._ended_unless_idle():
            self._give(order, until_s)
            return read(self._answer(monitor, until_s))

    def attempt(self, what: Attempt, *, on: str = "") -> str:
        """Have the child try what an attacker would; return why it was refused, or an empty text if it wasn't.

        After an attempt that ended the child it is gone, as after `work`.
        """
        assert self.is_idle, "one piece of work at a time"
        self.is_idle = False
        until_s = time.monotonic() + ATTEMPT_MAX_S
        try:
            with self._ended_unless_idle():
                self._channel.send({"do": "attempt", "what": what, "on": on}, until_s=until_s)
                return str(self._answer(UNMONITORED, until_s).data)
        except ChildExit as exit_:
            was_killed = isinstance(exit_, Died) and exit_.exit_code < 0
            return str(exit_) if was_killed else ""  # else another program has taken its place

    def end(self) -> None:
        """End the child and wait for its exit; kill it if it isn't idle. May be repeated."""
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
        """Tell the child to exit once it is idle, without waiting."""
        self._channel.close()

    def kill(self) -> None:
        """Kill the child, from any thread. The thread that uses it gets an error, and must still call `end`."""
        self._process.kill()

    def _introduce(self, pickled_tools: bytes, isolation: Isolation | None) -> None:
        until_s = time.monotonic() + START_MAX_S
        start = {
            "memory_bytes": self._limits.memory_bytes,
            "cpu_s": self._cpu_s,
            "is_isolated": isolation is not None,
            "paths": [str(path) for path in isolation.paths] if isolation else [],
        }
        with self._ended_unless_idle():
            self._channel.send(start, until_s=until_s)
            self._channel.send_bytes(io.BytesIO(pickled_tools), until_s=until_s)
            answer = self._answer(UNMONITORED, until_s)
        self.lacking = {Layer(name): str(why) for name, why in answer.data["lacking"].items()}

    @property
    def _cpu_s(self) -> int:
        return math.ceil(self._limits.cpu_time.total_seconds())

    def _give(self, order: WorkOrder, until_s: float) -> None:
        cpu_time = self._limits.cpu_time if order.cpu_time is None else min(order.cpu_time, self._limits.cpu_time)
        cpu_s = math.ceil(cpu_time.total_seconds())
        with ExitStack() as stack:
            files = [stack.enter_context(as_file(picture)) for picture in order.pictures]
            begins = [
                None if file is None else picture.tell() for picture, file in zip(order.pictures, files, strict=True)
            ]
            self._channel.send({**order.as_data, "begins": begins, "cpu_s": cpu_s}, until_s=until_s)
            for picture, file in zip(order.pictures, files, strict=True):
                if file is None:
                    self._channel.send_bytes(picture, until_s=until_s)
                else:
                    self._channel.send_file(file, until_s=until_s)

    def _answer(self, monitor: ProgressMonitor, until_s: float) -> WorkResult:
        done = 0.0
        while True:
            if not self._channel.has_more(until_s=min(until_s, time.monotonic() + REPORT_S)):
                if time.monotonic() >= until_s:
                    raise TimeUp
                self._tell(monitor, done)
                continue
            message = self._channel.receive(until_s=until_s)
            self.is_worn |= message.get("is_worn") is True
            match message:
                case {"is": "progress", "done": int() | float() as reported}:
                    done = min(1.0, max(done, reported))
                    self._tell(monitor, done)
                case {"is": "log", "level": int() as level, "name": str() as name, "text": str() as text}:
                    logging.getLogger(name).log(level, "%s", text)
                case {"is": "done", "data": data, "has_content": bool() as has_content}:
                    content = None
                    if has_content:
                        content = self._channel.receive_bytes(bytes_max=RESULT_BYTES_MAX, until_s=until_s)
                    self.is_idle = True
                    return WorkResult(data, content)
                case {"is": "error"} as failed:
                    self.is_idle = True
                    raise from_data(failed)
                case _:
                    raise MalformedMessage("an unknown message")

    def _tell(self, monitor: ProgressMonitor, done: float) -> None:
        """Report progress; if the monitor raises, stop the child's task so that it can be used again."""
        try:
            monitor.report(done)
        except BaseException:
            with contextlib.suppress(Exception):  # the result is no longer needed; a child that isn't idle is killed
                until_s = time.monotonic() + STOP_MAX_S
                self._channel.send({"do": "stop"}, until_s=until_s)
                self._answer(UNMONITORED, until_s)
            raise

    @contextmanager
    def _ended_unless_idle(self) -> Iterator[None]:
        """End the child if the exchange fails, and raise the reason."""
        try:
            yield
        except TimeUp as error:
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
        """Return the exit code of a child that has closed the connection."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_MAX_S)
        self.end()
        return self._process.returncode
