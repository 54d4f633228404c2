"""A transport of httpx whose requests end by a deadline, over httpcore, which lets its user choose the network."""

from collections.abc import Iterator
from typing import cast

import httpcore2
import httpx2

from spike_network import Deadline, DeadlineBackend


class DeadlineTransport(httpx2.BaseTransport):
    """Sends requests so that all is over by the deadline. No proxy or other setting of the machine is used."""

    def __init__(self, deadline: Deadline) -> None:
        """Keep no connection for later: the next request has another deadline."""
        self._pool = httpcore2.ConnectionPool(
            network_backend=DeadlineBackend(deadline), max_connections=1, max_keepalive_connections=0
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
