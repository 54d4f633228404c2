"""Files whose URL contains their version, and which therefore never change: browsers keep them."""

from collections.abc import Callable
from typing import Final

import falcon

from spike_http.context import Request
from spike_http.response_compression import accepts_gzip
from spike_http.responses.serialization import matches_etag

_YEAR_S: Final = 31_536_000


def send_versioned(
    req: Request,
    resp: falcon.Response,
    *,
    version: str,
    media_type: str,
    plain: Callable[[], bytes],
    packed: bytes | None,
) -> None:
    """Send a file, compressed by gzip if there is a packed form that the client accepts; 304 if the client has it."""
    resp.etag = version
    resp.cache_control = ["public", f"max-age={_YEAR_S}", "immutable"]
    if matches_etag(req, version):
        resp.status = falcon.HTTP_NOT_MODIFIED
        return
    resp.content_type = media_type
    resp.append_header("Vary", "Accept-Encoding")
    if packed is None or not accepts_gzip(req):
        resp.data = plain()
        return
    resp.set_header("Content-Encoding", "gzip")
    resp.data = packed
