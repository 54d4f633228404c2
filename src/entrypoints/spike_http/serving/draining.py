"""Graceful shutdown without losing a request: refuse new connections, answer requests on existing ones.

1. New connections are refused, so that a proxy tries another server. Those that the kernel has already established are
   accepted first: their clients may have sent a request, and a proxy doesn't repeat a POST that it has sent.
2. All further responses have the header `Connection: close`.
3. An idle connection stays open, since its client may be sending a request at this moment. It is closed by the client,
   after its next response, or at the deadline. A proxy should therefore close idle connections sooner than that.
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

from attrs import frozen
from waitress.channel import HTTPChannel
from waitress.task import ThreadedTaskDispatcher, WSGITask

from spike_http.serving.health_checks import THREADS_KEY
from spike_runtime.logs import get_logger

_HEALTH_CHECK_THREADS: Final = {"/healthz": 1, "/readyz": 4}
HANDSHAKE_S: Final = 0.2  # in which a TCP handshake in progress completes: a round trip, with a margin
_ACCEPTED_MAX: Final = 4096  # more than the kernel's accept queue holds
_POLL_S: Final = 0.5

_SO_ATTACH_FILTER: Final = 26  # Linux; `socket` doesn't name it
_SYN: Final = 0x02
_DROPS_SYN: Final = (  # classic BPF, over the TCP header: `man 7 socket`, linux/filter.h
    struct.pack("HBBI", 0x30, 0, 0, 13),  # load the byte of flags
    struct.pack("HBBI", 0x45, 1, 0, _SYN),  # if SYN is set, skip one
    struct.pack("HBBI", 0x06, 0, 0, 0xFFFFFFFF),  # keep the packet
    struct.pack("HBBI", 0x06, 0, 0, 0),  # drop it
)


class DrainingDispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """The request threads, and whether the server is shutting down."""

    def __init__(self, *, threads: int, closing: threading.Event, signals: Sequence[int]) -> None:
        """Start `threads` threads; `closing` is set when the server shuts down after the first of the `signals`."""
        super().__init__()
        self.closing = closing
        self._signals = signals
        self.set_thread_count(threads)
        self._health_checks = {path: ThreadedTaskDispatcher() for path in _HEALTH_CHECK_THREADS}
        for path, count in _HEALTH_CHECK_THREADS.items():
            self._health_checks[path].set_thread_count(count)

    def add_task(self, task: Any) -> None:
        """Queue a connection with a request. Each kind of health check has threads of its own."""
        path = task.requests[0].path if task.requests else ""
        for health_check, dispatcher in self._health_checks.items():
            if path.endswith(health_check):
                dispatcher.add_task(task)
                return
        super().add_task(task)

    def is_closing(self) -> bool:
        """Return whether the server has received a signal to shut down."""
        return bool(self._signals) or self.closing.is_set()

    def requests_wait(self) -> bool:
        """Return whether a request waits for a thread."""
        return bool(self.queue)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> Any:  # noqa: FBT001, FBT002  # waitress's
        """End the threads; see waitress."""
        for dispatcher in self._health_checks.values():
            dispatcher.shutdown(cancel_pending, timeout)
        return super().shutdown(cancel_pending, timeout)


class DrainingTask(WSGITask):  # type: ignore[misc]  # waitress has no types
    """Answers a request; during shutdown, the connection is closed after the response."""

    def get_environment(self) -> Any:
        """Return the WSGI environment; its SERVER_NAME is the connection's local address.

        The health check learns from it whether requests wait for a thread.
        """
        environ = super().get_environment()
        environ["SERVER_NAME"] = _own_address(self.channel.socket)
        environ[THREADS_KEY] = self.channel.server.task_dispatcher.requests_wait
        return environ

    def build_response_header(self) -> Any:
        """Return the head of the response."""
        if self.channel.server.task_dispatcher.is_closing():
            self.request.headers["CONNECTION"] = "close"  # as if the client had requested it
        return super().build_response_header()


class DrainingChannel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that is closed after its next response when the server shuts down."""

    task_class = DrainingTask

    @property
    def is_idle(self) -> bool:
        """Whether no request is being received or processed, and no response remains to be sent."""
        return self.request is None and not self.requests and not self.total_outbufs_len


@frozen(kw_only=True)
class GracefulShutdown:
    """Shuts a server down within `drain_s` seconds."""

    listeners: Sequence[Any]  # waitress's servers, one for each address; they share the threads
    poll: Callable[[float], None]  # reads, writes and accepts once, after waiting at most so many seconds
    drain_s: float
    is_urgent: Callable[[], bool]  # whether a second signal has been received
    waits_for_idle: bool  # whether idle connections are kept; not after Ctrl-C, where a user waits

    def run(self) -> None:
        """Refuse new connections, answer requests on existing ones, and stop the threads."""
        until_s = time.monotonic() + self.drain_s
        dispatcher = self.listeners[0].task_dispatcher
        dispatcher.closing.set()
        self._refuse_connections()
        while self._channels and (left_s := until_s - time.monotonic()) > 0 and not self.is_urgent():
            if not self.waits_for_idle:
                self._close_idle()
            self.poll(min(left_s, _POLL_S))
        busy = [channel for channel in self._channels if not channel.is_idle]
        if busy:
            get_logger(__name__).warning("requests in progress are aborted", connections=len(busy))
        dispatcher.shutdown(timeout=0 if self.is_urgent() else max(0.0, until_s - time.monotonic()))

    @property
    def _channels(self) -> Sequence[Any]:
        return [channel for listener in self.listeners for channel in list(listener.active_channels.values())]

    def _refuse_connections(self) -> None:
        """Accept established connections, then refuse new ones; a SYN in between is refused when it is resent."""
        for listener in self.listeners:
            _drop_syn(listener.socket)
        until_s = time.monotonic() + HANDSHAKE_S
        while (left_s := until_s - time.monotonic()) > 0:
            self.poll(left_s)
        for listener in self.listeners:
            accept_waiting(listener, most=_ACCEPTED_MAX)
            with suppress(OSError):  # for all processes that share it: a child may have inherited it
                listener.socket.shutdown(socket.SHUT_RDWR)
            listener.accepting = False
            listener.del_channel()
            listener.socket.close()

    def _close_idle(self) -> None:
        for channel in self._channels:
            if channel.is_idle:
                channel.will_close = True


def _own_address(connection: socket.socket) -> str:
    """Return a connection's local address, without the IPv4-mapped prefix; `localhost` if it is already closed."""
    try:
        address = ipaddress.ip_address(connection.getsockname()[0].partition("%")[0])
    except (OSError, ValueError):
        return "localhost"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)


def _drop_syn(listener: socket.socket) -> None:
    """Make a Linux kernel drop new connection requests; elsewhere, a race of a few microseconds remains.

    Closing a listener resets established connections that aren't accepted yet, and without this there could always be
    one more. The client's kernel resends its SYN after a second, and is refused then.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(b"".join(_DROPS_SYN))
    with suppress(OSError):  # a sandboxed kernel may not support it
        listener.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(_DROPS_SYN), ctypes.addressof(program))
        )


def accept_waiting(listener: Any, *, most: int) -> None:
    """Accept pending connections, at most so many."""
    queue = select.poll()
    queue.register(listener.socket, select.POLLIN)
    for _ in range(most):
        if not queue.poll(0):
            return
        type(listener).handle_accept(listener)  # waitress's own; the listener's may be replaced by this
