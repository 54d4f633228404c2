"""`python -m spike_sandbox.child FD`: a child process that does image work for its parent, one task after another.

It isn't meant to be started by hand. Its standard input is a lifeline: the parent holds the other end and writes
nothing, so that the kernel kills the child when the parent exits, whatever either is doing.
"""

import contextlib
import fcntl
import io
import logging
import os
import pickle
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from spike_core.domain.errors import WorkAbandoned, WorkKilled
from spike_sandbox.attack_attempts import make_attempt
from spike_sandbox.child_tasks import BuiltTools, Tools, perform
from spike_sandbox.error_codec import as_data
from spike_sandbox.isolation import Isolator
from spike_sandbox.limits import MemoryUse, has_cpu_time, set_cpu_limit, set_process_limits
from spike_sandbox.protocol import Channel, Gone

INPUT_BYTES_MAX: Final = 2**31
LOG_LINES_MAX: Final = 100  # per task
_LOG_CHARS_MAX: Final = 2000
_KEPT_SHARE_MAX: Final = 0.5  # of its memory limit; a child that still holds more after a task is replaced


def main() -> None:
    """Serve the parent until it closes the connection."""
    _tie_to_parent()
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    log = _ParentLogHandler(channel)
    logging.captureWarnings(capture=True)
    logging.basicConfig(handlers=[log], level=logging.WARNING)
    with contextlib.suppress(Gone):
        _serve(channel, log)
    os._exit(0)  # without finalization, which could wait for a library's threads


def _mute() -> None:
    """Send what libraries print to nowhere: a picture could make them forge lines of the parent's log."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _tie_to_parent() -> None:
    """Have the kernel kill this process when the parent exits, and ignore signals meant for the parent.

    A signal whose default action is to terminate works without a Python thread, even during a call into C. Unlike
    PR_SET_PDEATHSIG it depends on the parent process, not on the thread that started the child.
    """
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
    ):  # from Ctrl-C or a service manager; the parent reacts
        signal.signal(number, signal.SIG_IGN)
    lifeline = sys.__stdin__.fileno() if sys.__stdin__ else 0
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def _serve(channel: Channel, log: "_ParentLogHandler") -> None:
    start = channel.receive()
    set_process_limits(memory_bytes=start["memory_bytes"])
    memory, isolator = MemoryUse.opened(), Isolator()
    if start["is_isolated"]:
        isolator.begin()
    try:
        recipe: Tools = pickle.loads(channel.receive_bytes(bytes_max=INPUT_BYTES_MAX))  # noqa: S301  # sent by our own parent
        tools = BuiltTools.of(recipe)
    except Exception as error:  # noqa: BLE001  # any error is reported to the parent
        channel.send({"is": "error", **as_data(error)})
        return
    if start["is_isolated"]:
        _mute()
        isolator.seal(
            paths=[Path(path) for path in start["paths"]],
            memory=memory,
            memory_bytes=start["memory_bytes"],
            cpu_s=start["cpu_s"],
        )
    channel.send({"is": "done", "data": {"lacking": isolator.lacking}, "has_content": False})
    while True:
        order = channel.receive()
        match order["do"]:
            case "stop":  # arrived after the end of the task it was for
                continue
            case "attempt":
                channel.send({"is": "done", "data": make_attempt(order["what"], order["on"]), "has_content": False})
            case _:
                log.begin()
                _work(channel, tools, order, memory, kept_bytes_max=int(start["memory_bytes"] * _KEPT_SHARE_MAX))


def _work(
    channel: Channel, tools: BuiltTools, order: Mapping[str, Any], memory: MemoryUse, *, kept_bytes_max: int
) -> None:
    """Perform a task and answer. The answer says whether the child is worn out: by a leaking library, or by its age."""
    pictures = [_received(channel, begin) for begin in order["begins"]]
    set_cpu_limit(cpu_s=order["cpu_s"])
    failure: Mapping[str, Any] = {}
    try:
        answer = perform(tools, order, pictures, _ParentMonitor(channel))
    except MemoryError:
        failure = as_data(WorkKilled("it exceeded the memory limit"))
    except Exception as error:  # noqa: BLE001  # any error is reported to the parent
        failure = as_data(error)
    # outside of except: the error keeps the task's data alive
    is_worn = memory.allocated_bytes > kept_bytes_max or not has_cpu_time(cpu_s=order["cpu_s"])
    if failure:
        channel.send({"is": "error", **failure, "is_worn": is_worn})
        return
    channel.send({"is": "done", "data": answer.data, "has_content": answer.content is not None, "is_worn": is_worn})
    if answer.content is not None:
        channel.send_bytes(io.BytesIO(answer.content))


def _received(channel: Channel, begin: int | None) -> bytes:
    """Return a picture; one that is a file is read from `begin`."""
    if begin is None:
        return channel.receive_bytes(bytes_max=INPUT_BYTES_MAX)
    return channel.receive_file(begin=begin, bytes_max=INPUT_BYTES_MAX)


@frozen
class _ParentMonitor:
    """Reports progress to the parent, and raises if the parent wants the task stopped."""

    _channel: Channel

    def report(self, done: float) -> None:
        """Report progress; see the port."""
        self._channel.send({"is": "progress", "done": done})
        if self._channel.has_more(until_s=0):
            self._channel.receive()  # the only message during a task is "stop"
            raise WorkAbandoned


class _ParentLogHandler(logging.Handler):
    """Forwards log records to the parent, which knows the job they belong to."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel
        self._left = LOG_LINES_MAX

    def begin(self) -> None:
        """Reset the limit on lines for another task."""
        self._left = LOG_LINES_MAX

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record, unless the task has logged `LOG_LINES_MAX` already."""
        if self._left <= 0:
            return
        self._left -= 1
        with contextlib.suppress(Gone):
            text = self.format(record)[:_LOG_CHARS_MAX]
            self._channel.send({"is": "log", "level": record.levelno, "name": record.name, "text": text})


if __name__ == "__main__":
    main()
