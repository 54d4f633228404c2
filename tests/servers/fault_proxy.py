"""A proxy before the S3 server that injects faults: it fails, hangs, answers wrongly or slowly, by rules.

What it passes it passes as it came, so that signatures, which cover the `Host` header, hold.
"""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Final
from urllib.parse import urlsplit

from attrs import define, field, frozen

_ERROR: Final = b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
_PATIENCE_S: Final = 60.0
_HOP_BY_HOP: Final = frozenset({"connection", "transfer-encoding", "keep-alive", "content-length"})


class ProxyFault(Enum):
    """What is done to a request."""

    FAILS = "answers 500"
    HANGS = "never answers"
    LIES = "does it, and answers 500"
    DAWDLES = "takes its time"


@frozen
class FaultRule:
    """A fault, and the requests to which it applies: by method, and by a part of the path."""

    mood: ProxyFault
    method: str
    part: str = ""

    def is_for(self, method: str, path: str) -> bool:
        """Return whether the rule applies to a request."""
        return method == self.method and self.part in path


@define
class FaultProxy:
    """The proxy, without faults at first."""

    port: int
    target: str  # host and port of the server
    whims: list[FaultRule] = field(factory=list)
    struck: int = 0  # requests that have met one of its whims
    delay_s: float = 1.0  # how long it dawdles
    _released: threading.Event = field(factory=threading.Event)
    _counting: threading.Lock = field(factory=threading.Lock)

    def take(self, *whims: FaultRule) -> None:
        """Apply these faults until further notice."""
        self._released.clear()
        self.struck = 0
        self.whims = list(whims)

    def calm_down(self) -> None:
        """Apply no fault any more; waiting clients are disconnected without a response."""
        self.whims = []
        self._released.set()

    def mood_for(self, method: str, path: str) -> ProxyFault | None:
        """Return the fault for a request, or `None`, and count it."""
        for whim in self.whims:
            if whim.is_for(method, path):
                with self._counting:
                    self.struck += 1
                return whim.mood
        return None

    def hang(self) -> None:
        """Wait until there is no fault any more."""
        self._released.wait(_PATIENCE_S)


class _Handler(BaseHTTPRequestHandler):
    """Serves one connection."""

    proxy: ClassVar[FaultProxy]
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        mood = self.proxy.mood_for(self.command, self.path)
        match mood:
            case ProxyFault.FAILS:
                self._say(500, _ERROR)
            case ProxyFault.HANGS:
                self.proxy.hang()
                self.close_connection = True
            case ProxyFault.LIES:
                self._pass_on(body)
                self._say(500, _ERROR)
            case ProxyFault.DAWDLES:
                time.sleep(self.proxy.delay_s)  # that is the fault
                self._say(*self._pass_on(body))
            case None:
                self._say(*self._pass_on(body))

    def _pass_on(self, body: bytes) -> tuple[int, bytes, list[tuple[str, str]]]:
        connection = http.client.HTTPConnection(self.proxy.target, timeout=_PATIENCE_S)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.getheaders()
        finally:
            connection.close()

    def _say(self, status: int, body: bytes, headers: list[tuple[str, str]] | None = None) -> None:
        length = str(len(body))
        self.send_response_only(status)
        for name, value in headers or []:
            if self.command == "HEAD" and name.lower() == "content-length":
                length = value
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer  # noqa: N815  # the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Log nothing."""

    def handle(self) -> None:
        """Serve a connection; a disconnected client is ignored."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True


@contextmanager
def fault_proxy(endpoint_url: str) -> Iterator[FaultProxy]:
    """Start a proxy before the server at this URL."""

    class Handler(_Handler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        proxy = Handler.proxy = FaultProxy(server.server_address[1], urlsplit(endpoint_url).netloc)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.calm_down()
            server.shutdown()
            thread.join()
