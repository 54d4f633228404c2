"""The end of a server that loses no request: refuse what is new, answer what is there.

1. New connections are refused, so that a proxy goes to another server. Those that the kernel has made meanwhile are
   accepted first: their clients may have sent a request already, and a proxy doesn't repeat a POST that it has sent.
2. Whatever is answered from now on says `Connection: close`.
3. A connection without a request stays: its client may be sending one at this moment. It goes when the client closes
   it, after its next answer, or when the time is up. A proxy should therefore close idle connections sooner than that.
"""

import ctypes
import ipaddress
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog
from attrs import frozen
from waitress.channel import HTTPChannel
from waitress.task import ThreadedTaskDispatcher, WSGITask

from spike_http.serving.health_checks import HEALTH_CHECK_PATHS

_HEALTH_CHECK_THREADS: Final = 2
HANDSHAKE_S: Final = 0.2  # within which a connection that is being made is there; a round trip, with room
_ACCEPTED_MAX: Final = 4096  # more than the kernel keeps in one queue
_LOOK_S: Final = 0.5

_SO_ATTACH_FILTER: Final = 26  # Linux; `socket` doesn't name it
_SYN: Final = 0x02
_DROPS_SYN: Final = (  # classic BPF, over the TCP header: `man 7 socket`, linux/filter.h
    struct.pack("HBBI", 0x30, 0, 0, 13),  # load the byte of flags
    struct.pack("HBBI", 0x45, 1, 0, _SYN),  # if SYN is set, skip one
    struct.pack("HBBI", 0x06, 0, 0, 0xFFFFFFFF),  # keep the packet
    struct.pack("HBBI", 0x06, 0, 0, 0),  # drop it
)


class DrainingDispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """Threads that answer, and whether they should come to their end."""

    def __init__(self, *, threads: int, closing: threading.Event) -> None:
        """Start `threads` threads; `closing` is set when the server ends."""
        super().__init__()
        self.closing = closing
        self.set_thread_count(threads)
        self._health_checks = ThreadedTaskDispatcher()
        self._health_checks.set_thread_count(_HEALTH_CHECK_THREADS)

    def add_task(self, task: Any) -> None:
        """Queue a connection with a request. Health checks have threads of their own, so that none waits for others."""
        if task.requests and task.requests[0].path.endswith(HEALTH_CHECK_PATHS):
            self._health_checks.add_task(task)
        else:
            super().add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> Any:  # noqa: FBT001, FBT002  # waitress's
        """End the threads; see waitress."""
        self._health_checks.shutdown(cancel_pending, timeout)
        return super().shutdown(cancel_pending, timeout)


class _LastTask(WSGITask):  # type: ignore[misc]  # waitress has no types
    """Answers a request; the last one of its connection when the server ends."""

    def get_environment(self) -> Any:
        """Return the WSGI environment; its SERVER_NAME is the address that the connection came in on."""
        environ = super().get_environment()
        environ["SERVER_NAME"] = _own_address(self.channel.socket)
        return environ

    def build_response_header(self) -> Any:
        """Return the head of the answer."""
        if self.channel.server.task_dispatcher.closing.is_set():
            self.request.headers["CONNECTION"] = "close"  # as if the client had asked for it
        return super().build_response_header()


class DrainingChannel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that is closed after the next answer when the server ends."""

    task_class = _LastTask

    @property
    def is_idle(self) -> bool:
        """Whether no request has begun, and no answer is left to send."""
        return self.request is None and not self.requests and not self.total_outbufs_len


@frozen(kw_only=True)
class GracefulShutdown:
    """Brings a server to its end within `drain_s` seconds."""

    listeners: Sequence[Any]  # waitress' servers, one for each address; they share the threads
    look: Callable[[float], None]  # reads, writes and accepts what there is, or waits for it so many seconds
    drain_s: float
    is_urgent: Callable[[], bool]  # whether somebody has lost patience
    waits_for_idle: bool  # whether connections without a request stay: not when a person at the keyboard waits

    def run(self) -> None:
        """Refuse what is new, answer what is there, and let the threads end."""
        until_s = time.monotonic() + self.drain_s
        dispatcher = self.listeners[0].task_dispatcher
        dispatcher.closing.set()
        self._refuse_connections()
        while self._channels and (left_s := until_s - time.monotonic()) > 0 and not self.is_urgent():
            if not self.waits_for_idle:
                self._close_idle()
            self.look(min(left_s, _LOOK_S))
        busy = [channel for channel in self._channels if not channel.is_idle]
        if busy:
            structlog.get_logger(__name__).warning("requests under way are cut off", connections=len(busy))
        dispatcher.shutdown(timeout=0 if self.is_urgent() else max(0.0, until_s - time.monotonic()))

    @property
    def _channels(self) -> Sequence[Any]:
        return [channel for listener in self.listeners for channel in list(listener.active_channels.values())]

    def _refuse_connections(self) -> None:
        """Accept what the kernel has promised, then refuse. Who asks in between is refused a second later, by retry."""
        for listener in self.listeners:
            _drop_syn(listener.socket)
        until_s = time.monotonic() + HANDSHAKE_S
        while (left_s := until_s - time.monotonic()) > 0:
            self.look(left_s)
        for listener in self.listeners:
            accept_waiting(listener, most=_ACCEPTED_MAX)
            with suppress(OSError):  # for all who share it: a child process may have inherited it
                listener.socket.shutdown(socket.SHUT_RDWR)
            listener.accepting = False
            listener.del_channel()
            listener.socket.close()

    def _close_idle(self) -> None:
        for channel in self._channels:
            if channel.is_idle:
                channel.will_close = True


def _own_address(connection: socket.socket) -> str:
    """Return this machine's address of a connection, an IPv4 one as such; `localhost` where it has gone already."""
    try:
        address = ipaddress.ip_address(connection.getsockname()[0].partition("%")[0])
    except (OSError, ValueError):
        return "localhost"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)


def _drop_syn(listener: socket.socket) -> None:
    """Make the kernel ignore new connections, where it is Linux; elsewhere a few microseconds are left to chance.

    Closing resets connections that are made and not accepted yet, and without this there could always be one more. The
    client's kernel asks again after a second, and is refused then.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(b"".join(_DROPS_SYN))
    with suppress(OSError):  # a sandboxed kernel may not know it
        listener.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(_DROPS_SYN), ctypes.addressof(program))
        )


def accept_waiting(listener: Any, *, most: int) -> None:
    """Accept the connections that wait in the kernel's queue, at most so many."""
    queue = select.poll()
    queue.register(listener.socket, select.POLLIN)
    for _ in range(most):
        if not queue.poll(0):
            return
        type(listener).handle_accept(listener)  # waitress's own; the listener's may be replaced by this
