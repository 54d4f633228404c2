"""The `spike` command without its start-up time: processes forked from one that has imported it already.

Its imports take most of a second of processor time, and the tests start it hundreds of times. Tests of the start
itself use the installed script, `running.SPIKE`.
"""

import atexit
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from attrs import define

# for a `spike worker` that is to start an interpreter for each worker, and sandboxes that are to for each child
CHILDREN_ANEW: Final = {"PRELOADED_CHILDREN": "no"}
ANEW: Final = {"PRELOADED_WORKERS": "no", **CHILDREN_ANEW}
_SERVER: Final = str(Path(__file__).with_name("preload") / "preloaded_when_asked.py")
_ADDRESS: Final = "SPIKE_TEST_PRELOADED"  # the variable of the server's address
_MESSAGE_MAX: Final = 32
_END_S: Final = 60


@define
class SpikeProcess:
    """A running command, with what the tests use of `subprocess.Popen`."""

    pid: int
    _answers: socket.socket
    returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal's number, or None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float) -> int:
        """Wait for its end, at most `timeout` seconds, and return the exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if self.returncode is None:
            self._answers.settimeout(timeout)
            try:
                self.returncode = int(self._answers.recv(_MESSAGE_MAX))
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("spike", timeout) from None
            self._answers.close()
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL, unless it ended."""
        self.send_signal(signal.SIGKILL)


def run_program(source: str, *arguments: object, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a Python program in a process of its own, in which Spike is imported already."""
    return run(["-c", source, *map(str, arguments)], dict(os.environ), timeout_s=timeout_s)


@contextmanager
def program(source: str, *arguments: object) -> Iterator[tuple[SpikeProcess, IO[str]]]:
    """Start a Python program in a process of its own, in which Spike is imported already, and kill it at the end.

    Yields the process, and what it prints.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading) as printed:
        try:
            process = start(["-c", source, *map(str, arguments)], dict(os.environ), stdout=writing, stderr=2)
        finally:
            os.close(writing)
        try:
            yield process, printed
        finally:
            process.kill()
            process.wait(_END_S)


def start(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdout: int,
    stderr: int,
    stdin: int | None = None,
    cwd: Path | None = None,
) -> SpikeProcess:
    """Start a command, given with its program, that uses these descriptors; by default, in this folder."""
    given = {"arguments": arguments, "environment": environment, "cwd": str(cwd or Path.cwd())}
    request = json.dumps(given).encode()
    answers, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        socket.send_fds(requests(), [request], [theirs.fileno(), stdout, stderr, *([] if stdin is None else [stdin])])
    return SpikeProcess(int(answers.recv(_MESSAGE_MAX)), answers)


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    timeout_s: float,
    stdin: int | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command, given with its program, to its end, and kill it after so many seconds.

    Raises:
        subprocess.TimeoutExpired: it took longer.
    """
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        outputs = {"stdout": stdout.fileno(), "stderr": stderr.fileno()}
        process = start(arguments, environment, **outputs, stdin=stdin, cwd=cwd)
        try:
            code = process.wait(timeout_s)
        finally:
            process.kill()
            process.wait(timeout_s)
        stdout.seek(0)
        stderr.seek(0)
        return subprocess.CompletedProcess(arguments, code, stdout.read(), stderr.read())


@functools.cache
def requests() -> socket.socket:
    """Connect to the process that forks, and return what takes requests, also a child's."""
    if _ADDRESS not in os.environ:
        listen()
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(os.environ[_ADDRESS])
    atexit.register(connection.close)
    return connection


def listen() -> None:
    """Start the process that forks, which ends with this one; who inherits the environment can connect to it."""
    folder = tempfile.mkdtemp(prefix="spike-preloaded")  # a short path: sockets have no room for a long one
    os.environ[_ADDRESS] = f"{folder}/requests"
    ours, theirs = socket.socketpair()
    with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(os.environ[_ADDRESS])
        listening.listen()
        descriptors = listening.fileno(), theirs.fileno()
        server = subprocess.Popen([sys.executable, _SERVER, *map(str, descriptors)], pass_fds=descriptors)

    def stop() -> None:
        ours.close()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
