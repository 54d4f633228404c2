"""The server: waitress, with graceful shutdown."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, Final

from attrs import evolve
from waitress import wasyncore
from waitress.server import BaseWSGIServer, create_server

from spike_http.serving.bodies import BODY_BYTES_MAX, BodyPolicy
from spike_http.serving.connections import (
    BodyRefusingParser,
    BoundedChannel,
    ConnectionLimits,
    allow_files,
)
from spike_http.serving.draining import DrainingDispatcher, GracefulShutdown, accept_waiting
from spike_http.serving.peers import Peers

_LIMITS: Final = ConnectionLimits()
_DEADLINES_S: Final = 1.0  # between two checks of deadlines
_ACCEPTED_AT_ONCE: Final = 64  # before other connections are looked at again
_BACKLOG: Final = 1024  # connections that the kernel accepts before we do
_HEADER_BYTES_MAX: Final = 32 * 1024
_BODY_BYTES_IN_MEMORY: Final = 64 * 1024  # of one request; what is beyond goes to a file
_CONNECTIONS_BESIDE: Final = 64  # listeners and triggers count as connections to waitress, whose limit must not be met


def serve(
    app: object,
    *,
    host: str,
    port: int,
    threads: int,
    drain_s: float,
    closing: threading.Event,
    on_ready: Callable[[int], None],
    limits: ConnectionLimits = _LIMITS,
    is_proxy: Callable[[str], bool] = lambda _address: False,
    bodies: BodyPolicy | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then refuse connections, respond to the requests in progress, and return.

    That takes `drain_s` at most; see `spike_http.serving.draining`. `on_ready` is called with the port once
    connections are accepted; port 0 takes a free one. `closing` is set when requests in progress
    should end soon. `limits` bound what clients can hold, `is_proxy` tells whose connections are many clients', and
    `bodies` which bodies are dropped before they are stored; without it, none.

    Raises:
        OSError: the address can't be bound.
    """
    sockets: dict[int, Any] = {}
    numbers: list[int] = []  # of the signals received so far
    limits = evolve(limits, connections_max=allow_files(limits.connections_max, beside=limits.files_beside))
    try:
        create_server(
            app,
            sockets,
            host=host,
            port=port,
            _dispatcher=DrainingDispatcher(threads=threads, closing=closing, signals=numbers),
            connection_limit=limits.connections_max + _CONNECTIONS_BESIDE,
            channel_timeout=limits.idle_s,
            cleanup_interval=_DEADLINES_S,
            backlog=_BACKLOG,
            max_request_header_size=_HEADER_BYTES_MAX,
            inbuf_overflow=_BODY_BYTES_IN_MEMORY,
            max_request_body_size=(bodies.bytes_max if bodies else BODY_BYTES_MAX)
            + 1,  # of chunked bodies; larger ones are dropped at their header
            ident=None,
            clear_untrusted_proxy_headers=False,  # we judge them ourselves: spike_http.serving.proxies
        )
    except ValueError as error:  # waitress raises it for a host name without an address
        raise OSError("no such address") from error
    listeners = [each for each in sockets.values() if isinstance(each, BaseWSGIServer)]  # a name may have two addresses
    peers = Peers(limits, is_proxy)
    for listener in listeners:
        listener.channel_class = _channel_class(peers, bodies)
        listener.handle_accept = partial(accept_waiting, listener, most=_ACCEPTED_AT_ONCE)
    try:
        with _received_signals(numbers, wake=listeners[0].pull_trigger):
            on_ready(int(listeners[0].effective_port))
            while not numbers:
                _poll(sockets, within_s=_DEADLINES_S)
                peers.close_overdue()
            GracefulShutdown(
                listeners=listeners,
                poll=lambda within_s: _poll(sockets, within_s=within_s),
                drain_s=drain_s,
                is_urgent=lambda: len(numbers) > 1,
                waits_for_idle=numbers[0] == signal.SIGTERM,
            ).run()
    finally:
        wasyncore.close_all(sockets, ignore_all=True)


def _channel_class(peers: Peers, bodies: BodyPolicy | None) -> type[BoundedChannel]:
    """Return the class that waitress makes connections of, which takes no arguments of ours."""
    parser = type("Parser", (BodyRefusingParser,), {"refuses": staticmethod(bodies.refuses)} if bodies else {})
    return type("Channel", (BoundedChannel,), {"peers": peers, "parser_class": parser})


def _poll(sockets: dict[int, Any], *, within_s: float) -> None:
    """Read, write and accept once, after waiting at most `within_s` seconds for a socket to be ready."""
    wasyncore.loop(timeout=within_s, use_poll=True, map=sockets, count=1)  # select can't handle more than 1024 files


@contextmanager
def _received_signals(numbers: list[int], *, wake: Callable[[], None]) -> Iterator[None]:
    """Append the signals received meanwhile. A signal wakes the loop and interrupts no handler."""

    def tell(number: int, _frame: FrameType | None) -> None:
        numbers.append(number)
        wake()

    earlier = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
