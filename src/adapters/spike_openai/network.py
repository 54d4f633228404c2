"""HTTP by a deadline: connecting, sending, waiting and reading are over by one point in time.

`httpx2` limits each wait for the network, not their sum: a server that sends a byte now and then could hold a worker
for days. So its requests go through a transport of our own over `httpcore2`, which lets us choose the network.
"""

import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self, cast

import httpcore2
import httpx2
from attrs import evolve, frozen


@frozen(kw_only=True)
class Deadline:
    """A point in time by which something must be over, on a clock that only goes forward."""

    ends_at_s: float
    monotonic: Callable[[], float]

    @classmethod
    def after(cls, seconds: float, *, monotonic: Callable[[], float]) -> Self:
        """Return the deadline so many seconds from now."""
        return cls(ends_at_s=monotonic() + seconds, monotonic=monotonic)

    def sooner(self, seconds: float) -> Self:
        """Return the deadline so many seconds from now, or this one where it is earlier."""
        return evolve(self, ends_at_s=min(self.ends_at_s, self.monotonic() + seconds))

    @property
    def left_s(self) -> float:
        """How many seconds are left; below 0 when it is over."""
        return self.ends_at_s - self.monotonic()

    def patience(self, wanted_s: float | None) -> float:
        """Return how many seconds may be waited now, at most `wanted_s`.

        Raises:
            ReadTimeout: none.
        """
        left_s = self.left_s
        if left_s <= 0:
            raise httpcore2.ReadTimeout
        return left_s if wanted_s is None else min(left_s, wanted_s)


class PunctualTransport(httpx2.BaseTransport):
    """Sends requests so that all is over by the deadline. No proxy or other setting of the machine is used."""

    def __init__(self, deadline: Deadline) -> None:
        """Keep no connection for later: the next request has another deadline."""
        self._pool = httpcore2.ConnectionPool(
            network_backend=_PunctualNetwork(deadline), max_connections=1, max_keepalive_connections=0
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; what goes wrong is raised as `httpcore2` raises it."""
        answered = self._pool.handle_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=cast("httpx2.SyncByteStream", request.stream),
                extensions=request.extensions,
            )
        )
        return httpx2.Response(answered.status, headers=answered.headers, stream=_Body(answered))

    def close(self) -> None:
        """Let go of the connection."""
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, answered: httpcore2.Response) -> None:
        self._answered = answered

    def __iter__(self) -> Iterator[bytes]:
        return self._answered.iter_stream()

    def close(self) -> None:
        self._answered.close()


class _PunctualNetwork(httpcore2.NetworkBackend):
    def __init__(self, deadline: Deadline) -> None:
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
        patience = self._deadline.patience(timeout)
        stream = self._sockets.connect_tcp(host, port, patience, local_address, socket_options)
        return _PunctualStream(stream, self._deadline)


class _PunctualStream(httpcore2.NetworkStream):
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
        return _PunctualStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
