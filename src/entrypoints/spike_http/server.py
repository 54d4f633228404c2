"""The server: waitress, with limits above ours and an orderly end."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, NoReturn

from waitress.server import create_server
from waitress.task import ThreadedTaskDispatcher

# Above every limit of the application, so that it is the application that says no, in words. What is larger still
# is cut off by waitress.
BODY_BYTES_MAX: Final = 128 * 1024 * 1024


class DrainingDispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """Gives requests under way a set time to end; waitress's own five seconds can't be changed."""

    def __init__(self, *, threads: int, drain_s: float, closing: threading.Event) -> None:
        """Start `threads` threads; `closing` is set when they are to end."""
        super().__init__()
        self._closing = closing
        self._drain_s = drain_s
        self.set_thread_count(threads)

    def shutdown(self, *_defaults: object) -> Any:
        """Wait for the requests under way, then drop what hasn't begun."""
        self._closing.set()
        return super().shutdown(timeout=self._drain_s)


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
    """Serve until SIGTERM or SIGINT, then let the requests under way end and return.

    `on_ready` is called with the port once connections are accepted; port 0 takes a free one. `closing` is set when the
    requests under way should come to their end.

    Raises:
        OSError: the address can't be bound.
    """
    server = create_server(
        app,
        host=host,
        port=port,
        _dispatcher=DrainingDispatcher(threads=threads, drain_s=drain_s, closing=closing),
        max_request_body_size=BODY_BYTES_MAX,
        ident=None,
        clear_untrusted_proxy_headers=False,  # we judge them ourselves: spike_http.proxies
    )
    earlier = signal.signal(signal.SIGTERM, _leave)
    try:
        on_ready(int(server.effective_port))
        server.run()
    finally:
        signal.signal(signal.SIGTERM, earlier)
        server.close()


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
