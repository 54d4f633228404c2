"""Starts children of sandboxes in place of `subprocess`: asks a process that forks them, and adopts what it forked."""

import ctypes
import json
import os
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

_PID_MAX: Final = 32
_PR_SET_CHILD_SUBREAPER: Final = 36


def stand_in(requests: socket.socket) -> SimpleNamespace:
    """Return what has the names of `subprocess`, and starts children by requests to a process that forks them."""
    return SimpleNamespace(**{**vars(subprocess), "Popen": partial(_start, requests, threading.Lock())})


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
