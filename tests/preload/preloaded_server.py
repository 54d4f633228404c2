"""Forks `spike` processes from one that has imported the command; `preloaded` starts it and asks it.

A request is a message with the arguments, environment and folder as JSON, and descriptors: a socket, the standard
output and the standard error of the command, and perhaps its standard input. Over the socket go the command's process
id, and its exit code when it ends.
"""

import contextlib
import functools
import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Final, NoReturn
from unittest.mock import patch

from typed_settings import cls_utils

from preloaded_workers import fork_workers
from spike_cli.main import main
from spike_runtime.plugins import GROUP
from spike_runtime.settings import load_settings

# what a command imports when it opens an installation; numpy, which starts threads, isn't among it
_ALSO_IMPORTED: Final = ("alembic.command", "boto3", "encodings.idna", "PIL.Image", "spike_sqlalchemy.migrations.op")
_WORKERS: Final = "PRELOADED_WORKERS"  # `preloaded.ANEW` has the supervisor start them itself
_HAS_THREADS: Final = "upscaler.neural"
_REQUEST_MAX: Final = 100_000
_DESCRIPTORS_MAX: Final = 4


def serve(requests: socket.socket) -> None:
    """Fork a command for each request until the other end is closed."""
    _preload()
    signal.signal(signal.SIGCHLD, _reap)
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, _REQUEST_MAX, _DESCRIPTORS_MAX)
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
    # typed-settings would read the source of `Settings` in each process, and import pydantic
    vars(cls_utils)["_get_attr_docs"] = functools.cache(cls_utils._get_attr_docs)
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {"SPIKE_DATA_DIR": folder}, clear=True):
        load_settings()


def _run(answers: int, *streams: int, arguments: list[str], environment: dict[str, str], cwd: str) -> NoReturn:
    """Be the parent of one command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if (command := os.fork()) == 0:
        os.close(answers)
        os.chdir(cwd)
        _become(streams, arguments, environment)
        if "worker" in arguments and _WORKERS not in os.environ:
            fork_workers()
        main()
        sys.exit()
    for stream in streams:
        os.close(stream)
    with socket.socket(fileno=answers) as answering, contextlib.suppress(BrokenPipeError):  # the test may be gone
        answering.send(str(command).encode())
        status = os.waitpid(command, 0)[1]
        answering.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(streams: Sequence[int], arguments: list[str], environment: dict[str, str]) -> None:
    """Make this process what the installed script would be after its imports."""
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = arguments
    for descriptor, target in zip(streams, (1, 2, 0), strict=False):
        os.dup2(descriptor, target)
        os.close(descriptor)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # until its end
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        serve(listening)
