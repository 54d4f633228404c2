"""Children of sandboxes without their start-up time: forked from a process that has imported what they need.

An interpreter takes half a second of processor time until it is a child, and tests of what ends a child start dozens.
What isolates and limits a child is done by the child itself, so that it is the same. Tests of the start and of the
isolation, and the contracts, start interpreters.
"""

import atexit
import ctypes
import functools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from unittest import mock

from spike_sandbox import process
from spike_sandbox.environment import child_environment

_SERVER: Final = str(Path(__file__).with_name("preload") / "preloaded_children.py")
_PID_MAX: Final = 32
_PR_SET_CHILD_SUBREAPER: Final = 36


@contextmanager
def forked_children() -> Iterator[None]:
    """Have all sandboxes of this process fork their children; only on Linux."""
    if sys.platform != "linux":
        yield
        return
    start = partial(_start, _requests(os.getpid()), threading.Lock())
    stand_in = SimpleNamespace(**{**vars(subprocess), "Popen": start})
    with mock.patch.object(process, "subprocess", stand_in):
        yield


@functools.cache
def _requests(_pid: int) -> socket.socket:
    """Start the process that forks, which ends with the one of this id, and return what takes requests."""
    requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            [sys.executable, "-P", _SERVER, str(theirs.fileno())],
            env=child_environment(also=()),
            pass_fds=[theirs.fileno()],
        )

    def stop() -> None:
        requests.close()
        server.wait()

    atexit.register(stop)
    return requests


def _start(
    requests: socket.socket,
    asking: threading.Lock,
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    stdout: int,
    pass_fds: Sequence[int],
    **_options: object,
) -> "subprocess.Popen[bytes]":
    """Start a child, in place of `subprocess.Popen`; this process becomes its parent."""
    reading, writing = os.pipe()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    output = nowhere if stdout == subprocess.DEVNULL else stdout
    adopts = partial(ctypes.CDLL(None).prctl, _PR_SET_CHILD_SUBREAPER)
    with asking:
        adopts(1, 0, 0, 0)
        try:
            socket.send_fds(requests, [json.dumps(dict(env)).encode()], [reading, output, *pass_fds])
            pid = int(requests.recv(_PID_MAX))
        finally:
            adopts(0, 0, 0, 0)
    os.close(reading)
    os.close(nowhere)
    return _popen_of(pid, command, writing)


def _popen_of(pid: int, command: Sequence[str], stdin: int) -> "subprocess.Popen[bytes]":
    """Return what waits for a child of this process that `subprocess` hasn't started."""
    process: Any = subprocess.Popen.__new__(subprocess.Popen)
    vars(process).update(
        args=command,
        pid=pid,
        returncode=None,
        stdin=os.fdopen(stdin, "wb"),
        stdout=None,
        stderr=None,
        _child_created=True,
        _waitpid_lock=threading.Lock(),
        _sigint_wait_secs=0.25,
    )
    started: subprocess.Popen[bytes] = process
    return started
