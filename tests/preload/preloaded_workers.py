"""Worker processes of a preloaded `spike worker`: forked, where its supervisor would start an interpreter for each.

An interpreter takes a second of processor time until it has imported what a worker needs. A process, forked before the
supervisor has threads, waits for requests and forks a worker for each. Linux makes the worker a child of the
supervisor, which waits for it and sends it signals as ever.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import IO, Final, NoReturn

from attrs import define, field

from preloaded_children import fork_children
from spike_cli import worker_process
from spike_worker import supervisor

_REQUEST_MAX: Final = 100_000
_PID_MAX: Final = 32
_PR_SET_CHILD_SUBREAPER: Final = 36


@define
class _ForkedWorker:
    """A worker process, with what the supervisor uses of `subprocess.Popen`."""

    pid: int
    stdin: IO[bytes]
    returncode: int | None = field(default=None, init=False)

    def wait(self) -> int:
        """Wait for its end and return the exit code."""
        status = os.waitpid(self.pid, 0)[1]
        self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def terminate(self) -> None:
        """Send SIGTERM, unless it ended."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL, unless it ended."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)


def fork_workers() -> None:
    """Have this process's supervisor fork its workers from a process that is forked now; only on Linux."""
    if sys.platform != "linux":
        return
    requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        requests.close()
        _serve(theirs)
    theirs.close()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    vars(supervisor)["subprocess"] = SimpleNamespace(Popen=partial(_start, requests), PIPE=subprocess.PIPE)


def _start(requests: socket.socket, _command: Sequence[str], *, env: Mapping[str, str], **_options: object) -> object:
    """Start a worker, in place of `subprocess.Popen`."""
    reading, writing = os.pipe()
    socket.send_fds(requests, [json.dumps(dict(env)).encode()], [reading])
    os.close(reading)
    return _ForkedWorker(int(requests.recv(_PID_MAX)), os.fdopen(writing, "wb"))


def _serve(requests: socket.socket) -> NoReturn:
    """Fork a worker for each request, until the supervisor is gone."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, _REQUEST_MAX, 1)
        if not message:
            os._exit(0)
        reading, writing = os.pipe()
        if (parent := os.fork()) == 0:
            if worker := os.fork():
                os.write(writing, str(worker).encode())
                os._exit(0)  # so that the supervisor is the worker's parent
            for descriptor in (reading, writing):
                os.close(descriptor)
            requests.close()
            _work(descriptors[0], json.loads(message))
        os.waitpid(parent, 0)
        requests.send(os.read(reading, _PID_MAX))
        for descriptor in (reading, writing, *descriptors):
            os.close(descriptor)


def _work(stdin: int, environment: Mapping[str, str]) -> NoReturn:
    """Be a worker, with what the supervisor gives it."""
    os.setsid()
    os.dup2(stdin, 0)
    os.close(stdin)
    os.environ.clear()
    os.environ.update(environment)
    fork_children()
    worker_process.main()
    sys.exit()
