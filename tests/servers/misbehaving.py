"""A local server that misbehaves: it replays a test's responses, and records the requests."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from attrs import define, field, frozen

from servers.swift_server import REGION
from spike_core.ports.clock import Clock
from spike_s3 import Connection, S3Address, S3BlobStore

SIGNATURE_MISMATCH: Final = b"<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>"


@frozen(kw_only=True)
class Reply:
    """A response. `says_bytes` replaces the correct Content-Length."""

    status: int = 200
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()
    says_bytes: int | None = None


@frozen
class Asked:
    """A request as received."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@define
class Misbehaving:
    """The future responses, the last of which is repeated, and the requests so far."""

    port: int
    replies: deque[Reply]
    asked: list[Asked] = field(factory=list)
    silent: threading.Event = field(factory=threading.Event)  # while it isn't set, nothing is answered

    def store(self, clock: Clock, *, attempts_max: int = 1, read_timeout_s: float = 5.0) -> S3BlobStore:
        """Return a store that uses this server."""
        address = S3Address(
            bucket="bucket",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region=REGION,
            attempts_max=attempts_max,
            connect_timeout_s=1.0,
            read_timeout_s=read_timeout_s,
        )
        return S3BlobStore(Connection(address), clock=clock)


@contextmanager
def misbehaving(*replies: Reply) -> Iterator[Misbehaving]:
    """Serve these responses; without any, accept requests and never answer."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server.asked.append(Asked(self.command, self.path, dict(self.headers.items()), body))
            server.silent.wait()
            if not server.replies:
                self.close_connection = True
                return
            reply = server.replies.popleft() if len(server.replies) > 1 else server.replies[0]
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            length = len(reply.body) if reply.says_bytes is None else reply.says_bytes
            self.send_header("Content-Length", str(length))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)
            self.close_connection = length != len(reply.body)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer  # noqa: N815  # the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        server = Misbehaving(http.server_address[1], deque(replies))
        if replies:
            server.silent.set()
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.silent.set()
            http.shutdown()
            thread.join()
