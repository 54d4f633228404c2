"""The server that is measured: Spike's application on waitress, in a process of its own, with a route for comparison.

It serves as `spike serve` does and has one user, but does no jobs unless it is asked to, and limits no rates.
"""

import http.client
import multiprocessing
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import falcon
import psutil
from attrs import frozen

from spike_core.domain.accounts import Email, User
from spike_core.domain.tokens import Tokens
from spike_http import create_app, serve
from spike_http.context import Request
from spike_runtime import Settings, Spike, build
from spike_runtime.logs import configure_logging

TOKENS: Final = Tokens(10_000_000)
App = falcon.App[Request, falcon.Response]
Prepare = Callable[[Spike, App, User], str]  # adds what a bench needs; the text goes to the bench
_UNLIMITED: Final[Mapping[str, Any]] = {
    "rate_upload": 0,
    "rate_enhance": 0,
    "open_free_jobs_max": 1_000_000,
    "open_paid_jobs_max": 1_000_000,
    "open_image_jobs_max": 1_000_000,
    "images_max": 1_000_000,
    "storage_mb_max": 1_000_000,
}


@frozen(kw_only=True)
class MeasuredServer:
    """A server that answers."""

    process: psutil.Process
    port: int
    token: str  # of its user's session
    prepared: str  # the result of `Prepare`

    def post(self, path: str, body: bytes, *, content_type: str) -> int:
        """Send a request on a connection of its own; return the status, which is 200 or 503."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("POST", path, body, {"Authorization": f"Bearer {self.token}", "Content-Type": content_type})
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        assert response.status in {200, 503}, (response.status, answer)
        return response.status

    @property
    def peak_mb(self) -> float:
        """The highest resident memory of its process so far."""
        return peak_mb(self.process)


def peak_mb(process: psutil.Process) -> float:
    """Return the highest resident memory of a process so far, as Linux's kernel saw it, in MB."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (peak,) = (line for line in lines if line.startswith("VmHWM"))
    return int(peak.split()[1]) * 1024 / 1e6


def _run(prepare: Prepare, settings: Settings, ready: Connection) -> None:
    """Serve until the process is ended."""
    configure_logging(level=settings.log_level, form="json")
    spike = build(settings)
    spike.database.migrate()
    registered = spike.accounts.registration.register(Email("bench@example.org"), tokens=TOKENS)
    app = create_app(spike)
    prepared = prepare(spike, app, registered.user)
    serve(
        app,
        host="127.0.0.1",
        port=0,
        threads=settings.web_threads,
        drain_s=1,
        closing=threading.Event(),
        on_ready=lambda port: ready.send((port, registered.session_token.text, prepared)),
    )


@contextmanager
def measured_server(prepare: Prepare, **settings: Any) -> Iterator[MeasuredServer]:
    """Start a server with these settings on an empty folder, and end it.

    `prepare` is called in the server's process before it serves; it is a function of a module.
    """
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        merged = {"data_dir": Path(folder), "worker_threads": 0, "log_level": "WARNING", **_UNLIMITED, **settings}
        server = context.Process(target=_run, args=(prepare, Settings(**merged), sending))
        server.start()
        sending.close()  # so that a server that dies is heard of
        try:
            port, token, text = receiving.recv()
            assert server.pid is not None
            yield MeasuredServer(process=psutil.Process(server.pid), port=port, token=token, prepared=text)
        finally:
            server.terminate()
            server.join()
