"""The server: waitress, with graceful shutdown."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from waitress import wasyncore
from waitress.server import BaseWSGIServer, create_server

from spike_http.serving.draining import DrainingChannel, DrainingDispatcher, GracefulShutdown

# Above every limit of the application, so that the application refuses large bodies with an error message. Waitress
# cuts off what is larger still.
BODY_BYTES_MAX: Final = 128 * 1024 * 1024


def serve(
    app: object,
    *,
    host: str,
    port: int,
    threads: int,
    drain_s: float,
    closing: threading.Event,
    on_ready: Callable[[int], None],
) -> None:
    """Serve until SIGTERM or SIGINT, then refuse connections, respond to the requests in progress, and return.

    That takes `drain_s` at most; see `spike_http.serving.draining`. `on_ready` is called with the port once
    connections are accepted; port 0 takes a free one. `closing` is set when requests in progress
    should end soon.

    Raises:
        OSError: the address can't be bound.
    """
    sockets: dict[int, Any] = {}
    try:
        create_server(
            app,
            sockets,
            host=host,
            port=port,
            _dispatcher=DrainingDispatcher(threads=threads, closing=closing),
            max_request_body_size=BODY_BYTES_MAX,
            ident=None,
            clear_untrusted_proxy_headers=False,  # we judge them ourselves: spike_http.serving.proxies
        )
    except ValueError as error:  # waitress raises it for a host name without an address
        raise OSError("no such address") from error
    listeners = [each for each in sockets.values() if isinstance(each, BaseWSGIServer)]  # a name may have two addresses
    for listener in listeners:
        listener.channel_class = DrainingChannel
    try:
        with _received_signals(listeners[0].pull_trigger) as numbers:
            on_ready(int(listeners[0].effective_port))
            while not numbers:
                _poll(sockets, within_s=1.0)
            GracefulShutdown(
                listeners=listeners,
                poll=lambda within_s: _poll(sockets, within_s=within_s),
                drain_s=drain_s,
                is_urgent=lambda: len(numbers) > 1,
                waits_for_idle=numbers[0] == signal.SIGTERM,
            ).run()
    finally:
        wasyncore.close_all(sockets, ignore_all=True)


def _poll(sockets: dict[int, Any], *, within_s: float) -> None:
    """Read, write and accept once, after waiting at most `within_s` seconds for a socket to be ready."""
    wasyncore.loop(timeout=within_s, use_poll=True, map=sockets, count=1)  # select can't handle more than 1024 files


@contextmanager
def _received_signals(wake: Callable[[], None]) -> Iterator[list[int]]:
    """Yield the list of signals received so far. A signal wakes the loop and interrupts no handler."""
    numbers: list[int] = []

    def tell(number: int, _frame: FrameType | None) -> None:
        numbers.append(number)
        wake()

    earlier = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield numbers
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
