"""A local S3 server that only lists: any number of objects that don't really exist, in order."""

import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from attrs import define, frozen

CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
_PAGE_MAX: Final = 1000  # by the protocol
_STORED_AT: Final = "2026-01-01T00:00:00.000Z"


@frozen
class Page:
    """The content of one listing response."""

    names: Sequence[str]
    is_truncated: bool

    @property
    def xml(self) -> bytes:
        """Return the response's body."""
        contents = "".join(
            f'<Contents><Key>{escape(name)}</Key><LastModified>{_STORED_AT}</LastModified><ETag>"e"</ETag>'
            "<Size>2000</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for name in self.names
        )
        more = f"<NextContinuationToken>{escape(self.names[-1])}</NextContinuationToken>" if self.is_truncated else ""
        return (
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>{str(self.is_truncated).lower()}</IsTruncated>{more}"
            f"<KeyCount>{len(self.names)}</KeyCount>{contents}</ListBucketResult>"
        ).encode()


@define
class Listed:
    """The server, and its objects' names in order."""

    port: int
    names: Sequence[str]

    @property
    def storage_url(self) -> str:
        """The storage URL of the server."""
        return f"s3://bucket?endpoint_url=http://127.0.0.1:{self.port}"

    def page(self, query: str) -> Page:
        """Return the page for a request."""
        asked = parse_qs(query)
        after = asked.get("continuation-token", asked.get("start-after", [""]))[0]
        count = min(_PAGE_MAX, int(asked.get("max-keys", [str(_PAGE_MAX)])[0]))
        first = bisect_right(self.names, after) if after else 0
        return Page(self.names[first : first + count], is_truncated=first + count < len(self.names))


@contextmanager
def listed(names: Sequence[str]) -> Iterator[Listed]:
    """Serve a listing of these names, which are in order."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = server.page(urlsplit(self.path).query).xml
            self.send_response_only(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        server = Listed(http.server_address[1], names)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
