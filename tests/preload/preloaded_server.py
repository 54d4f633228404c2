"""Forks `spike` processes from one that has imported the command; `preloaded` starts it and asks it.

It accepts connections, one for each process of tests. A request is a message with the arguments, environment and folder
as JSON, and descriptors: a socket, the standard output and the standard error of the command, and perhaps its standard
input. Over the socket go the command's process id, and its exit code when it ends.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Sequence
from typing import Final, NoReturn
from unittest.mock import patch

from attrs import define, field
from typed_settings import cls_utils

import new_databases
import service_models
from preloaded_children import fork_children
from preloaded_workers import fork_workers
from spike_cli.main import main
from spike_runtime.entry_points import entry_points
from spike_runtime.plugins import GROUP
from spike_runtime.settings import load_settings

# what a command imports when it opens an installation or enhances a picture
_ALSO_IMPORTED: Final = (
    "alembic.command",
    "encodings.ascii",
    "encodings.idna",
    "PIL.Image",
    "spike_pillow.fidelity",
    "spike_pillow.renderings",
    "spike_sqlalchemy.migrations.op",
)
PROGRAM: Final = "-c"  # as of Python: the next argument is a program that is run in the command's place
_WORKERS: Final = "PRELOADED_WORKERS"  # `preloaded.ANEW` has the supervisor start them itself
_NO_FORKED_CHILDREN: Final = frozenset({"doctor", "worker"})  # it tries how real ones are isolated; it needs none
_HAS_THREADS: Final = "upscaler.neural"
_REQUEST_MAX: Final = 100_000
_DESCRIPTORS_MAX: Final = 4


def serve(listening: socket.socket, asked_for: socket.socket) -> None:
    """Fork a command for each request until the other end of `asked_for` is closed."""
    _preload()
    running = _Running()
    signal.signal(signal.SIGCHLD, lambda *_: running.reap())
    gc.freeze()
    with selectors.DefaultSelector() as open_sockets:
        open_sockets.register(listening, selectors.EVENT_READ)
        open_sockets.register(asked_for, selectors.EVENT_READ)
        while True:
            for key, _ in open_sockets.select():
                if key.fileobj is asked_for:
                    return
                if key.fileobj is listening:
                    open_sockets.register(listening.accept()[0], selectors.EVENT_READ)
                else:
                    _answer(key.fileobj, open_sockets, running)


def _answer(asking: object, open_sockets: selectors.BaseSelector, running: "_Running") -> None:
    """Fork the command that a process of tests asks for, or forget the process if it has ended."""
    assert isinstance(asking, socket.socket)
    message, descriptors, _, _ = socket.recv_fds(asking, _REQUEST_MAX, _DESCRIPTORS_MAX)
    if not message:
        open_sockets.unregister(asking)
        asking.close()
        return
    answers, *streams = descriptors
    if (pid := os.fork()) == 0:
        for key in open_sockets.get_map().values():
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        open_sockets.close()
        os.close(answers)
        running.forget()
        _run(streams, **json.loads(message))
    for stream in streams:
        os.close(stream)
    running.add(pid, socket.socket(fileno=answers))


@define
class _Running:
    """The commands that run, and who gets their exit codes."""

    _asking: dict[int, socket.socket] = field(factory=dict)
    _ended: dict[int, int] = field(factory=dict)  # before it was known who asked

    def add(self, pid: int, asking: socket.socket) -> None:
        """Send the process id to who asked for the command."""
        _send(asking, pid)
        self._asking[pid] = asking
        self.reap()

    def forget(self) -> None:
        """Close what was inherited of it."""
        for asking in self._asking.values():
            asking.close()

    def reap(self) -> None:
        """Collect commands that ended, also between any two lines of `add`, and send their exit codes."""
        with contextlib.suppress(ChildProcessError):
            pid, status = os.waitpid(-1, os.WNOHANG)
            while pid:
                self._ended[pid] = status
                pid, status = os.waitpid(-1, os.WNOHANG)
        for pid in self._ended.keys() & self._asking.keys():
            if asking := self._asking.pop(pid, None):
                with asking:
                    _send(asking, os.waitstatus_to_exitcode(self._ended.pop(pid)))


def _send(asking: socket.socket, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # the test may be gone
        asking.send(str(number).encode())


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
    service_models.read_once()
    service_models.read_now()
    new_databases.statements()  # once, for all commands
    new_databases.make_at_once()


def _run(streams: Sequence[int], *, arguments: list[str], environment: dict[str, str], cwd: str) -> NoReturn:
    """Be a command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(cwd)
    _become(streams, arguments, environment)
    if "worker" in arguments and _WORKERS not in os.environ:
        fork_workers()
    elif not _NO_FORKED_CHILDREN.intersection(arguments):
        fork_children()
    try:
        if arguments[0] == PROGRAM:
            sys.argv = [PROGRAM, *arguments[2:]]
            exec(arguments[1], {"__name__": "__main__"})  # noqa: S102  # a test's own
        else:
            main()
    except SystemExit as ended:
        _end(ended.code)
    _end(0)


def _end(code: object) -> NoReturn:
    """End as an interpreter does, but without freeing each object: that would copy all memory that forks share."""
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BrokenPipeError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


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
