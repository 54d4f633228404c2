"""The network as a download sees it: names are looked up once, judged, and connected to as judged, by a deadline.

A server that answers the look-up with a public address and a later one with a private one gains nothing (DNS
rebinding): there is no later look-up.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import httpcore2

from spike_core.domain.errors import DownloadFailed, UnsafeAddress
from spike_fetch.addresses import Address

Resolve = Callable[[str, int], Sequence[Address]]
Judge = Callable[[Address, int], bool]

WAIT_S_MAX: Final = 5.0  # for one answer of the network


def resolved(host: str, port: int) -> Sequence[Address]:
    """Return all addresses of a host, in the order that the system prefers.

    Raises:
        DownloadFailed: it has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DownloadFailed from error
    return [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]


class Deadline:
    """A point in time by which everything must be over."""

    def __init__(self, seconds: float) -> None:
        """Begin now."""
        self._ends_at = time.monotonic() + seconds

    def patience(self, wanted_s: float | None) -> float:
        """Return how many seconds may be waited now.

        Raises:
            ReadTimeout: none.
        """
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return min(left, WAIT_S_MAX if wanted_s is None else wanted_s)


class GuardedNetwork(httpcore2.NetworkBackend):
    """Connects to judged addresses alone."""

    def __init__(self, *, resolve: Resolve, validate: Judge, deadline: Deadline) -> None:
        """Look names up by `resolve`; `judge` says which address and port may be connected to."""
        self._resolve = resolve
        self._judge = validate
        self._deadline = deadline
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the host's first address.

        Raises:
            UnsafeAddress: not all of its addresses may be connected to.
            DownloadFailed: it has none.
        """
        addresses = self._resolve(host, port)
        if not addresses:
            raise DownloadFailed
        if not all(self._judge(address, port) for address in addresses):
            raise UnsafeAddress
        patience = self._deadline.patience(timeout)
        stream = self._sockets.connect_tcp(str(addresses[0]), port, patience, local_address, socket_options)
        return _TimedStream(stream, self._deadline)

    def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002  # httpcore's
        timeout: float | None = None,  # noqa: ARG002  # httpcore's
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002  # httpcore's
    ) -> httpcore2.NetworkStream:
        """Refuse: there is nothing public in a file system."""
        raise UnsafeAddress


class _TimedStream(httpcore2.NetworkStream):
    """A stream that ends by the deadline, however slowly it drips."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.patience(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.patience(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.patience(timeout))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
