"""Connections: how many there may be, and how long a client may take to send and to read.

Waitress closes connections that do nothing, and has one limit for all. This module adds what an unfriendly client
would otherwise exhaust: deadlines for headers, bodies and reading, bodies that are dropped before they are stored, and
a limit for each peer (`spike_http.serving.peers`).
"""

import fcntl
import resource
import socket
import struct
import sys
import termios
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen, validators
from waitress.parser import HTTPRequestParser
from waitress.utilities import BadRequest

from spike_http.serving.draining import DrainingChannel, DrainingTask
from spike_runtime.logs import get_logger

if TYPE_CHECKING:
    from spike_http.serving.peers import Peers  # which admits the connections of this module

READ_ANYWAY_BYTES: Final = 64 * 1024  # a body so small costs less than a client that sees its connection reset
LINGER_S: Final = 30.0  # for a client that sends a refused body
CHUNK_LINES_BYTES_MAX: Final = 8192  # of one size with its extensions, or of all trailers
NO_ROOM_KEY: Final = "spike.no_room"  # of the WSGI environment: whether the body was dropped to save disk space
_BUFFER_BYTES: Final = 256 * 1024  # of a response, sent or not, before its buffer is replaced
FILES_BESIDE: Final = 512  # besides connections: database, objects, pipes, files of batches


@frozen(kw_only=True)
class ConnectionLimits:
    """The limits of one server process."""

    connections_max: int = field(default=4000, validator=validators.ge(1))
    peer_connections_max: int = field(default=2000, validator=validators.ge(1))  # of one client that is no proxy
    header_s: float = 20.0  # from the first byte of a request to the end of its header
    body_s: float = 600.0  # from there to the end of its body
    read_s: float = 30.0  # without any progress of a client that reads its response
    idle_s: float = 120.0  # without a request
    files_beside: int = FILES_BESIDE  # that are open besides connections
    bodies_bytes_max: int = field(default=2_000_000_000, validator=validators.ge(1))  # being received or worked on

    @property
    def peer_bodies_bytes_max(self) -> int:
        """The share of one client that is no proxy."""
        return self.bodies_bytes_max // 2


class BodyRefusingParser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """Reads a request; drops the body of one that will be refused, and ends the connection with its response."""

    path = ""  # of a request whose header can't be parsed
    has_no_room = False  # its body was dropped since too much is being received
    body_rcv: Any
    content_length: int
    completed: bool

    def __init__(self, adj: Any, *, channel: "BoundedChannel") -> None:
        """Read nothing yet; `adj` are waitress's settings."""
        super().__init__(adj)
        self._channel = channel

    @staticmethod
    def refuses(_request: Any) -> bool:
        """Return whether the request, whose header has been parsed, will be refused whatever its body holds."""
        return False

    @property
    def body_bytes_max(self) -> int:
        """How large the body may become, in bytes; 0 for small ones, which are read in any case."""
        if self.body_rcv is None:
            return 0
        announced: int = self.adj.max_request_body_size if self.chunked else self.content_length
        return announced if announced > READ_ANYWAY_BYTES else 0

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the header; see waitress."""
        try:
            super().parse_header(header_plus)
        finally:
            if self.body_rcv is None:
                self.expect_continue = False  # nothing will follow: waitress would wait for it
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            self.headers["CONNECTION"] = "close"  # a proxy may have taken the other length (RFC 9112, section 6.1)
        if not self.body_bytes_max:
            return
        if self.refuses(self):
            self._drop_body()
        elif not self._channel.has_room_for(self.body_bytes_max):
            self._drop_body()
            self.has_no_room = True

    def _drop_body(self) -> None:
        self.body_rcv = None
        self.content_length = 0
        self.expect_continue = False
        self.headers["CONNECTION"] = "close"
        self._channel.is_refused = True

    def received(self, data: bytes) -> int:
        """Take what the client sent; the rest of a dropped body is no further request."""
        consumed: int = super().received(data)
        if self.chunked and not self.completed and _has_endless_line(self.body_rcv):
            self.error, self.completed = BadRequest("Chunk extensions or trailers are too long"), True
        if self.completed and self.error is not None:
            self._channel.is_refused = True  # the client may still be sending
        return len(data) if self._channel.is_refused else consumed


class _BoundedTask(DrainingTask):
    """Tells the application that a body was dropped."""

    def get_environment(self) -> Any:
        """Return the WSGI environment."""
        environ = super().get_environment()
        environ[NO_ROOM_KEY] = self.request.has_no_room
        return environ


class BoundedChannel(DrainingChannel):
    """A connection whose client can't hold it for ever."""

    task_class = _BoundedTask
    peers: "Peers"
    parser_class: Any
    close_when_flushed: bool
    sendbuf_len: int
    current_outbuf_count: int

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:  # noqa: A002  # waitress's
        """Accept a connection, or close it if there is no room for it."""
        self.receiving_since_s = self.progress_s = time.monotonic()
        self.sent_bytes, self.progress = 0, (0, 0)
        self.is_refused = False  # what the client still sends is dropped
        self.lingering_since_s: float | None = None
        self.parser_class = partial(self.parser_class, channel=self)
        super().__init__(server, sock, addr, adj, map=map)
        self.sendbuf_len = min(self.sendbuf_len, _BUFFER_BYTES)  # each attempt to send copies so much, often 2.5 MB
        self.peers.admit(self)

    @property
    def body_bytes_max(self) -> int:
        """How large the bodies may become that are being received or worked on, in bytes."""
        return sum(each.body_bytes_max for each in (self.request, *self.requests) if each is not None)

    def has_room_for(self, body_bytes: int) -> bool:
        """Return whether a body of this size may be received now."""
        return self.peers.has_room_for(self, body_bytes)

    def received(self, data: bytes) -> Any:
        """Take what the client sent; drop the rest of a body that was refused."""
        if self.is_refused:
            return True
        before = self.request
        taken = super().received(data)
        if self.request is not before:
            self.receiving_since_s = time.monotonic()
        return taken

    def readable(self) -> bool:
        """Whether to read on; what follows a refused body is read, and dropped, once there is a response."""
        if self.is_refused:
            return not self.will_close and not self.requests
        return bool(super().readable())

    def service(self) -> None:
        """Respond to a request; see waitress. Close the connection if that fails unexpectedly."""
        try:
            super().service()
        except Exception:  # noqa: BLE001  # else the connection would stay for good
            get_logger(__name__).exception("connection closed")
            self.cancel()
            self.server.pull_trigger()

    def handle_write(self) -> None:
        """Send what there is. A connection whose body was refused isn't closed at once.

        Closing a connection with unread data resets it, and the client might never see the response. So the data is
        read and dropped until the client closes the connection, or `LINGER_S` have passed.
        """
        lingers = self.is_refused and self.close_when_flushed
        if lingers:
            self.close_when_flushed = False
        super().handle_write()
        if not lingers or not self.connected:
            return
        if self.total_outbufs_len:
            self.close_when_flushed = True
            return
        self.lingering_since_s = time.monotonic()
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def write_soon(self, data: Any) -> int:
        """Keep a piece of a response until it is sent; see waitress.

        Its buffer keeps what was sent, too, until it is replaced after 16 MB: each thread that streams would need that
        much, and malloc keep twice of it. So it is replaced sooner if little is left in it; for a slower client,
        waitress moves it to a file.
        """
        if self.current_outbuf_count >= _BUFFER_BYTES and self.total_outbufs_len < self.adj.outbuf_overflow:
            self.current_outbuf_count = self.adj.outbuf_high_watermark
        return int(super().write_soon(data))

    def send(self, data: bytes, do_close: bool = True) -> Any:  # noqa: FBT001, FBT002  # waitress's
        """Send, and remember that the client reads."""
        sent = super().send(data, do_close=do_close)
        self.sent_bytes += sent or 0
        return sent

    def close(self) -> None:
        """Close, and let others take the place."""
        self.peers.forget(self)
        super().close()

    def handle_close(self) -> None:
        """Close, and let others take the place."""
        self.peers.forget(self)
        super().handle_close()

    @property
    def awaits_request(self) -> bool:
        """Whether the connection has no complete request, and nothing to send."""
        return not self.requests and not self.total_outbufs_len

    def is_overdue(self, limits: ConnectionLimits, *, now_s: float) -> bool:
        """Whether the client has exceeded a deadline. Called at intervals, which must be short against `read_s`."""
        progress = (self.sent_bytes, _bytes_on_the_way(self.socket))
        if not self.total_outbufs_len or progress != self.progress:
            self.progress, self.progress_s = progress, now_s
        if now_s - self.progress_s > limits.read_s:
            return True
        if self.lingering_since_s is not None:
            return now_s - self.lingering_since_s > LINGER_S
        if self.requests:
            self.receiving_since_s = now_s  # the next request isn't read while one is worked on
        if self.request is None or self.requests:
            return False
        time_max_s = limits.header_s + (limits.body_s if self.request.headers_finished else 0.0)
        return now_s - self.receiving_since_s > time_max_s


def _has_endless_line(chunks: Any) -> bool:
    """Whether a chunked body spends more on what surrounds its chunks than any client needs."""
    return chunks is not None and max(len(chunks.control_line), len(chunks.trailer)) > CHUNK_LINES_BYTES_MAX


def _bytes_on_the_way(connection: socket.socket) -> int:
    """Return how many bytes the kernel has accepted that the client hasn't; 0 where the kernel doesn't tell.

    The kernel accepts a slow client's bytes in large steps, so these alone would look like a client that doesn't read.
    """
    if sys.platform != "linux":
        return 0
    try:
        answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, ValueError):  # it is closed
        return 0
    return int(struct.unpack("i", answer)[0])


def allow_files(connections: int, *, beside: int = FILES_BESIDE) -> int:
    """Raise the process's limit of open files to what so many connections need; return how many it now allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + beside
    if hard != resource.RLIM_INFINITY:
        needed = min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
        soft = needed
    return connections if soft == resource.RLIM_INFINITY else max(1, min(connections, soft - beside))
