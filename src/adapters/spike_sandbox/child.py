"""`python -m spike_sandbox.child FD`: a process that does image work for its parent, one piece after another.

It isn't to be started by hand. Its standard input is its lifeline: the parent holds the other end and writes nothing,
so that the kernel ends this process when the parent is gone, whatever either was doing.
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
from typing import Any, Final

from attrs import frozen

from spike_core.domain.errors import WorkAbandoned, WorkKilled
from spike_sandbox.error_codec import as_data
from spike_sandbox.limits import held_bytes, set_for_good, set_for_one_work
from spike_sandbox.protocol import Channel, Gone
from spike_sandbox.work import Bench, Tools, perform

INPUT_BYTES_MAX: Final = 2**31
LOG_LINES_MAX: Final = 100  # of one piece of work
_LOG_CHARS_MAX: Final = 2000
_KEPT_SHARE_MAX: Final = 0.5  # of the memory, that may still be taken when the work is done


def main() -> None:
    """Work until the parent hangs up."""
    _hold_on_to_parent()
    wire = Channel(socket.socket(fileno=int(sys.argv[1])))
    log = _LogToParent(wire)
    logging.captureWarnings(capture=True)
    logging.basicConfig(handlers=[log], level=logging.WARNING)
    with contextlib.suppress(Gone):
        _serve(wire, log)
    os._exit(0)  # not by way of the interpreter's end: a library's threads may not care


def _hold_on_to_parent() -> None:
    """Be ended by the kernel when the lifeline is cut, and by nothing that is meant for the parent.

    A signal needs no thread of Python's, so it comes through in the midst of a call into C; and unlike
    PR_SET_PDEATHSIG it is about the parent's process, not about that of its threads that started us.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # Ctrl-C, systemd: the parent knows what to do
        signal.signal(number, signal.SIG_IGN)
    lifeline = sys.__stdin__.fileno() if sys.__stdin__ else 0
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def _serve(wire: Channel, log: "_LogToParent") -> None:
    start = wire.receive()
    set_for_good(memory_bytes=start["memory_bytes"])
    try:
        tools: Tools = pickle.loads(wire.receive_bytes(bytes_max=INPUT_BYTES_MAX))  # noqa: S301  # the parent's word
        bench = Bench.of(tools)
    except Exception as error:  # noqa: BLE001  # the parent is to know, whatever it is
        wire.send({"is": "error", **as_data(error)})
        return
    wire.send({"is": "done", "told": None, "has_content": False})
    while True:
        order = wire.receive()
        if order["do"] == "stop":  # for work that has ended meanwhile
            continue
        log.begin()
        _work(wire, bench, order, kept_bytes_max=int(start["memory_bytes"] * _KEPT_SHARE_MAX))


def _work(wire: Channel, bench: Bench, order: Mapping[str, Any], *, kept_bytes_max: int) -> None:
    """Do a piece of work and answer, also whether this was the last: a library that leaks has left too little."""
    pictures = [_received(wire, begin) for begin in order["begins"]]
    set_for_one_work(cpu_s=order["cpu_s"])
    failure: Mapping[str, Any] = {}
    try:
        answer = perform(bench, order, pictures, _ParentsWatch(wire))
    except MemoryError:
        failure = as_data(WorkKilled("it takes more memory than one may"))
    except Exception as error:  # noqa: BLE001  # the parent is to know, whatever it is
        failure = as_data(error)
    is_worn = held_bytes() > kept_bytes_max  # here no error holds on to what the work was done with
    if failure:
        wire.send({"is": "error", **failure, "is_worn": is_worn})
        return
    wire.send({"is": "done", "told": answer.told, "has_content": answer.content is not None, "is_worn": is_worn})
    if answer.content is not None:
        wire.send_bytes(io.BytesIO(answer.content))


def _received(wire: Channel, begin: int | None) -> bytes:
    """Return a picture: of a file from there on."""
    if begin is None:
        return wire.receive_bytes(bytes_max=INPUT_BYTES_MAX)
    return wire.receive_file(begin=begin, bytes_max=INPUT_BYTES_MAX)


@frozen
class _ParentsWatch:
    """Reports to the parent, and hears whether anybody waits there."""

    _wire: Channel

    def report(self, done: float) -> None:
        """Report; see the port."""
        self._wire.send({"is": "progress", "done": done})
        if self._wire.has_more(until_s=0):
            self._wire.receive()  # in the midst of work there is but one thing to say
            raise WorkAbandoned


class _LogToParent(logging.Handler):
    """Hands log lines to the parent, who knows which job they are about."""

    def __init__(self, wire: Channel) -> None:
        super().__init__()
        self._wire = wire
        self._left = LOG_LINES_MAX

    def begin(self) -> None:
        """Allow a further piece of work its lines."""
        self._left = LOG_LINES_MAX

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line; one too many is dropped."""
        if self._left <= 0:
            return
        self._left -= 1
        with contextlib.suppress(Gone):
            text = self.format(record)[:_LOG_CHARS_MAX]
            self._wire.send({"is": "log", "level": record.levelno, "name": record.name, "text": text})


if __name__ == "__main__":
    main()
