"""A network backend of httpcore whose connections end by a deadline.

httpcore limits each wait for the network, not their sum: a server that sends a byte now and then could hold a thread
for days.
"""

import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore2

from spike_network.deadline import Deadline

ChooseAddress = Callable[[str, int], str]


def _as_named(host: str, _port: int) -> str:
    return host


class DeadlineBackend(httpcore2.NetworkBackend):
    """Connects over TCP; connecting, TLS, reading and writing together end by the deadline."""

    def __init__(
        self, deadline: Deadline, *, choose_address: ChooseAddress = _as_named, wait_s_max: float | None = None
    ) -> None:
        """Connect to what `choose_address` returns for a host and port.

        `wait_s_max` limits a single wait where the request sets no timeout.
        """
        self._deadline = deadline
        self._choose_address = choose_address
        self._wait_s_max = wait_s_max
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect; what `choose_address` raises passes through."""
        address = self._choose_address(host, port)
        timeout_s = self._timeout_s(timeout)
        stream = self._sockets.connect_tcp(address, port, timeout_s, local_address, socket_options)
        return _DeadlineStream(stream, self._timeout_s)

    def _timeout_s(self, wanted_s: float | None) -> float:
        return self._deadline.timeout_s(self._wait_s_max if wanted_s is None else wanted_s)


class _DeadlineStream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, timeout_s: Callable[[float | None], float]) -> None:
        self._stream = stream
        self._timeout_s = timeout_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._timeout_s(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._timeout_s(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._timeout_s(timeout))
        return _DeadlineStream(stream, self._timeout_s)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
