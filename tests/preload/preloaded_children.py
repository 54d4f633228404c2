"""Forks children of sandboxes from a process that has imported what they need.

`forked_children` starts one for a process of tests and asks it; `preloaded_server` has each command fork one.

A request is a message with the environment as JSON, and three descriptors: the child's standard input, its standard
output, and its channel. The answer is the child's process id.
"""

import json
import os
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from child_starts import stand_in
from spike_sandbox import child, process

_CHILDREN: Final = "PRELOADED_CHILDREN"
_REQUEST_MAX: Final = 100_000
_PID_MAX: Final = 32


def fork_children() -> None:
    """Have this process's sandboxes fork their children from a process that is forked now; only on Linux.

    It must have no threads yet. `preloaded.CHILDREN_ANEW` has sandboxes start interpreters.
    """
    if sys.platform != "linux" or os.environ.get("SPIKE_SANDBOX") == "off" or _CHILDREN in os.environ:
        return
    requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        requests.close()
        try:
            serve(theirs)
        except BaseException:  # noqa: BLE001  # also a child's: neither may go on as the command
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    theirs.close()
    vars(process)["subprocess"] = stand_in(requests)


def serve(requests: socket.socket) -> None:
    """Fork a child for each request until the other end is closed."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, _REQUEST_MAX, 3)
        if not message:
            return
        reading, writing = os.pipe()
        if (parent := os.fork()) == 0:
            if pid := os.fork():
                os.write(writing, str(pid).encode())
                os._exit(0)  # so that the process that asked becomes the child's parent
            for descriptor in (reading, writing, requests.detach()):
                os.close(descriptor)
            _become(descriptors, json.loads(message))
        os.waitpid(parent, 0)
        requests.send(os.read(reading, _PID_MAX))
        for descriptor in (reading, writing, *descriptors):
            os.close(descriptor)


def _become(descriptors: Sequence[int], environment: Mapping[str, str]) -> NoReturn:
    """Be a child, with what the sandbox gives it."""
    stdin, stdout, channel = descriptors
    os.setsid()
    for descriptor, target in ((stdin, 0), (stdout, 1)):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = [str(channel)]
    child.main()
    sys.exit()


if __name__ == "__main__":
    import hostile_engine  # noqa: F401  # imported for the children, as is what it imports
    import spike_memory  # noqa: F401

    with socket.socket(fileno=int(sys.argv[1])) as listening:
        serve(listening)
