"""Children of sandboxes without their start-up time: forked from a process that has imported what they need.

An interpreter takes half a second of processor time until it is a child, and tests of what ends a child start dozens.
What isolates and limits a child is done by the child itself, so that it is the same. Tests of the start and of the
isolation, and the contracts, start interpreters.
"""

import atexit
import functools
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from unittest import mock

from child_starts import stand_in
from spike_sandbox import process
from spike_sandbox.environment import child_environment

_SERVER: Final = str(Path(__file__).with_name("preload") / "preloaded_children.py")


@contextmanager
def forked_children() -> Iterator[None]:
    """Have all sandboxes of this process fork their children; only on Linux."""
    if sys.platform != "linux":
        yield
        return
    with mock.patch.object(process, "subprocess", stand_in(_requests(os.getpid()))):
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
