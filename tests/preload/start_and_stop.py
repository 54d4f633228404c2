"""Run `spike` for a shell, forked by the preloaded process, and end `serve` and `worker` as soon as they are ready.

    python -IS start_and_stop.py REQUESTS spike serve …

REQUESTS is the inherited descriptor that `preloaded_server` listens to. `serve` gets a free port. Both receive SIGTERM
once they are ready, so that a page's next block can run; the exit code is the command's.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Final

READY: Final = {"serve": '"serving"', "worker": '"working"'}  # log events
STANDARD_STREAMS: Final = (1, 2, 0)  # in the order in which `preloaded_server` expects them
_MESSAGE_MAX: Final = 32


def start(requests: int, arguments: Sequence[str], streams: Sequence[int]) -> tuple[int, socket.socket]:
    """Start a command with these streams, and return its process id and what will send its exit code."""
    given = {"arguments": arguments, "environment": dict(os.environ), "cwd": os.getcwd()}  # noqa: PTH109  # imports less
    answers, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs, socket.socket(fileno=os.dup(requests)) as asking:
        socket.send_fds(asking, [json.dumps(given).encode()], [theirs.fileno(), *streams])
    return int(answers.recv(_MESSAGE_MAX)), answers


def run(requests: int, arguments: Sequence[str]) -> int:
    """Run a command to its end, and return its exit code, negative for a signal's number."""
    _, answers = start(requests, arguments, STANDARD_STREAMS)
    return int(answers.recv(_MESSAGE_MAX))


def start_and_stop(requests: int, arguments: Sequence[str]) -> int:
    """Start a server or a worker, wait until it is ready, stop it with SIGTERM, and return its exit code."""
    awaited = int(arguments[arguments.index("--processes") + 1]) if "--processes" in arguments else 1
    command = [*arguments, *(["--port", "0"] if arguments[1] == "serve" else [])]
    reading, writing = os.pipe()
    pid, answers = start(requests, command, (writing, writing, 0))
    os.close(writing)
    with os.fdopen(reading) as printed:
        for line in printed:
            sys.stdout.write(line)
            awaited -= READY[arguments[1]] in line
            if not awaited:
                os.kill(pid, signal.SIGTERM)
                awaited = -1
    code = int(answers.recv(_MESSAGE_MAX))
    return code if awaited < 0 else code or 1


if __name__ == "__main__":
    descriptor, command = int(sys.argv[1]), sys.argv[2:]
    stops = len(command) > 1 and command[1] in READY and "--help" not in command
    status = start_and_stop(descriptor, command) if stops else run(descriptor, command)
    sys.exit(status if status >= 0 else 128 - status)  # as a shell reports a signal
