"""Forks `spike` processes from one that has imported the command; `preloaded` starts it and asks it.

A request is a message with the arguments, environment and folder as JSON, and three descriptors: a socket, the
standard output and the standard error of the command. Over the socket go the command's process id, and its exit code
when it ends.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
from importlib.metadata import entry_points
from typing import Final, NoReturn

from preloaded_workers import fork_workers
from spike_cli.main import main
from spike_runtime.plugins import GROUP

# what a command imports when it opens an installation; numpy, which starts threads, isn't among it
_ALSO_IMPORTED: Final = ("alembic.command", "boto3", "PIL.Image")
_WORKERS: Final = "PRELOADED_WORKERS"  # `preloaded.ANEW` has the supervisor start them itself
_HAS_THREADS: Final = "upscaler.neural"
_REQUEST_MAX: Final = 100_000


def serve(requests: socket.socket) -> None:
    """Fork a command for each request until the other end is closed."""
    _preload()
    signal.signal(signal.SIGCHLD, _reap)
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, _REQUEST_MAX, 3)
        if not message:
            return
        if os.fork() == 0:
            requests.close()
            _run(*descriptors, **json.loads(message))
        for descriptor in descriptors:
            os.close(descriptor)


def _reap(_number: int, _frame: object) -> None:
    """Collect the ended parents of commands, with the processor time of both."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _preload() -> None:
    for name in _ALSO_IMPORTED:
        importlib.import_module(name)
    for adapter in entry_points(group=GROUP):
        if adapter.name != _HAS_THREADS:
            adapter.load()


def _run(
    answers: int, stdout: int, stderr: int, *, arguments: list[str], environment: dict[str, str], cwd: str
) -> NoReturn:
    """Be the parent of one command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if (command := os.fork()) == 0:
        os.close(answers)
        os.chdir(cwd)
        _become(stdout, stderr, arguments, environment)
        if "worker" in arguments and _WORKERS not in os.environ:
            fork_workers()
        main()
        sys.exit()
    os.close(stdout)
    os.close(stderr)
    with socket.socket(fileno=answers) as answering, contextlib.suppress(BrokenPipeError):  # the test may be gone
        answering.send(str(command).encode())
        status = os.waitpid(command, 0)[1]
        answering.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(stdout: int, stderr: int, arguments: list[str], environment: dict[str, str]) -> None:
    """Make this process what the installed script would be after its imports."""
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = arguments
    for descriptor, target in ((stdout, 1), (stderr, 2)):
        os.dup2(descriptor, target)
        os.close(descriptor)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # until its end
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        serve(listening)
