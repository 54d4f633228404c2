"""A TCP proxy between a client and a server, which can be frozen, cut and restored."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from attrs import define, field

_LOOK_S: Final = 0.05
_PIECE_BYTES: Final = 65536


@define
class Cable:
    """Forwards connections to `port` to a local server."""

    port: int
    target: int
    _listener: socket.socket
    _carries: threading.Event = field(factory=threading.Event)  # while it isn't set, bytes stay where they are
    _ended: threading.Event = field(factory=threading.Event)
    _threads: list[threading.Thread] = field(factory=list)
    _ends: list[socket.socket] = field(factory=list)

    def freeze(self) -> None:
        """Drop all bytes silently: connections stay open, new ones are accepted, and no byte arrives."""
        self._carries.clear()

    def thaw(self) -> None:
        """Forward again, first the bytes sent meanwhile."""
        self._carries.set()

    def cut(self) -> None:
        """Close all existing connections."""
        for end in list(self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def run(self) -> None:
        """Accept connections until the end."""
        self._carries.set()
        while not self._ended.is_set():
            ready, _, _ = select.select([self._listener], [], [], _LOOK_S)
            if ready:
                near, _ = self._listener.accept()
                self._start(near)

    def end(self) -> None:
        """Close everything."""
        self._ended.set()
        self._carries.set()
        self.cut()
        for thread in self._threads:
            thread.join()

    def _start(self, near: socket.socket) -> None:
        thread = threading.Thread(target=self._carry, args=(near,))
        self._threads.append(thread)
        thread.start()

    def _carry(self, near: socket.socket) -> None:
        with near:
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            with far:
                self._ends += [near, far]
                with contextlib.suppress(OSError):
                    self._exchange(near, far)
                self._ends.remove(near)
                self._ends.remove(far)

    def _exchange(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        while not self._ended.is_set():
            self._carries.wait()
            ready, _, _ = select.select([near, far], [], [], _LOOK_S)
            for end in ready:
                piece = end.recv(_PIECE_BYTES)
                self._carries.wait()
                if not piece:
                    return
                other[end].sendall(piece)


@contextmanager
def a_cable(target: int) -> Iterator[Cable]:
    """Start a proxy to this local port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cable = Cable(listener.getsockname()[1], target, listener)
        thread = threading.Thread(target=cable.run)
        thread.start()
        try:
            yield cable
        finally:
            cable.end()
            thread.join()
