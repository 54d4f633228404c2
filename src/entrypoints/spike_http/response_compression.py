"""Compression of JSON responses by gzip.

Only whole bodies are compressed, of a limited size; files, which are compressed already, and streams are left alone.

Secrets and attacker-chosen text must not be compressed together where an attacker can send requests and see their
lengths (BREACH, 2013). A response that shows a secret once, a new API key or a sign-in, is shorter than what is
compressed, and is only given to requests of the service's own pages; cookies aren't sent with requests of other sites.
"""

import gzip
from typing import Any, Final

import falcon

from spike_http.context import Request

COMPRESSED_FROM_BYTES: Final = 1000  # less than this hardly saves a packet
COMPRESSED_BYTES_MAX: Final = 8 * 1024 * 1024  # some 0.1 s of a processor
_LEVEL: Final = 4  # half of the time of the default, for 3 % more bytes
_CODINGS_MAX: Final = 32  # of one header


class Compression:
    """Compresses JSON bodies for clients that accept it. A strong ETag becomes weak, since the bytes differ."""

    def process_response(
        self,
        req: Request,
        resp: falcon.Response,
        _resource: Any,
        _succeeded: bool,  # noqa: FBT001  # Falcon's
    ) -> None:
        """Compress the body."""
        if resp.stream is not None or resp.get_header("Content-Encoding"):
            return
        body = resp.render_body()
        if body is None or not COMPRESSED_FROM_BYTES <= len(body) <= COMPRESSED_BYTES_MAX:
            return
        if (resp.content_type or "").partition(";")[0].strip() != falcon.MEDIA_JSON:
            return
        resp.append_header("Vary", "Accept-Encoding")
        if not accepts_gzip(req):
            return
        resp.text = None
        resp.data = gzip.compress(body, _LEVEL, mtime=0)
        resp.set_header("Content-Encoding", "gzip")
        etag = resp.get_header("ETag")
        if etag and not etag.startswith("W/"):
            resp.set_header("ETag", f"W/{etag}")


def accepts_gzip(req: falcon.Request) -> bool:
    """Return whether `Accept-Encoding` accepts gzip (RFC 9110, section 12.5.3); without the header, it doesn't."""
    qualities: dict[str, bool] = {}
    for item in (req.get_header("Accept-Encoding") or "").split(",")[:_CODINGS_MAX]:
        coding, *parameters = (part.strip().lower() for part in item.split(";"))
        qualities[coding] = all(_is_accepted(parameter) for parameter in parameters)
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", False)))


def _is_accepted(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return True
    try:
        return float(value) > 0
    except ValueError:
        return False
