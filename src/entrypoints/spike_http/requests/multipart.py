"""Multipart forms (RFC 7578), read part by part as they come in.

Falcon's own reader refuses what form libraries of phones and of the JVM send: any `Content-Transfer-Encoding` but
`binary`, header lines without a space behind the colon, and file names that aren't UTF-8.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import falcon
from attrs import frozen
from falcon.errors import DelimiterError
from falcon.util import BufferedReader

from spike_http.requests.errors import MalformedBody, UnsupportedTransferEncoding

PARTS_MAX: Final = 64
HEADERS_BYTES_MAX: Final = 8192  # of one part
BOUNDARY_CHARS_MAX: Final = 70  # RFC 2046, section 5.1.1
_CONTENT_TYPE_CHARS_MAX: Final = 1024  # reading it takes the square of its semicolons
_AS_IT_IS: Final = frozenset({"", "7bit", "8bit", "binary"})  # RFC 2045, section 6.2: no encoding at all
_LINE_END: Final = b"\r\n"
_FOLDED: Final = re.compile(rb"\r\n[ \t]+")  # RFC 5322, section 2.2.3
_EXTENDED: Final = re.compile(r"([\w-]+)'[\w-]*'(.*)", re.DOTALL)  # RFC 5987, section 3.2
_CHARSETS: Final = {"utf-8": "utf-8", "iso-8859-1": "latin-1"}  # those that RFC 5987 names


@frozen(kw_only=True)
class Part:
    """One part of a form."""

    name: str  # empty where it has none
    filename: str | None  # `None` where it is no file; as it was sent
    stream: Any  # Falcon's reader, from here to the part's end

    def is_unused_input(self) -> bool:
        """Return whether a browser has sent an input that no file was chosen for: no name, and no bytes."""
        return self.filename == "" and not self.stream.peek(1)


def parts_of(req: falcon.Request) -> Iterator[Part]:
    """Yield the parts of a body; what isn't read of one is skipped when the next is asked for.

    Raises:
        MalformedBody: it isn't a form, or has too many parts.
        UnsupportedTransferEncoding: a part isn't sent as it is.
    """
    delimiter = b"--" + _boundary(req)
    reader = BufferedReader(req.bounded_stream.read, req.content_length or 0)
    try:
        reader.pipe_until(delimiter, consume_delimiter=True)
        delimiter = _LINE_END + delimiter
        for _ in range(PARTS_MAX + 1):
            if reader.peek(2) == b"--":
                return
            reader.read_until(_LINE_END, 0, consume_delimiter=True)
            headers = _headers(reader.read_until(_LINE_END * 2, HEADERS_BYTES_MAX, consume_delimiter=True))
            yield _part(headers, reader.delimit(delimiter))
            reader.pipe_until(delimiter, consume_delimiter=True)
    except DelimiterError as error:
        raise MalformedBody from error
    raise MalformedBody


def _boundary(req: falcon.Request) -> bytes:
    content_type = req.content_type or ""
    if len(content_type) > _CONTENT_TYPE_CHARS_MAX:
        raise MalformedBody
    _, options = falcon.parse_header(content_type)
    boundary = options.get("boundary", "").rstrip()
    if not 1 <= len(boundary) <= BOUNDARY_CHARS_MAX:
        raise MalformedBody
    return boundary.encode("latin-1", "replace")


def _headers(block: bytes) -> Mapping[str, bytes]:
    lines = _FOLDED.sub(b" ", block).split(_LINE_END)
    pairs = (line.partition(b":") for line in lines)
    return {name.strip().lower().decode("latin-1"): value.strip() for name, colon, value in pairs if colon}


def _part(headers: Mapping[str, bytes], stream: Any) -> Part:
    if headers.get("content-transfer-encoding", b"").lower().decode("latin-1") not in _AS_IT_IS:
        raise UnsupportedTransferEncoding
    _, options = falcon.parse_header(_text(headers.get("content-disposition", b"")))
    extended = _extended(options.get("filename*", ""))
    return Part(
        name=options.get("name", ""),
        filename=options.get("filename") if extended is None else extended,
        stream=stream,
    )


def _text(value: bytes) -> str:
    """Decode a header: it is UTF-8, or else what browsers call Latin-1 (https://encoding.spec.whatwg.org)."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def _extended(value: str) -> str | None:
    """Return the text of a `filename*`; `None` where it has none that can be read: then `filename` counts."""
    match = _EXTENDED.fullmatch(value)
    if match is None or match[1].lower() not in _CHARSETS:
        return None
    try:
        return unquote_to_bytes(match[2]).decode(_CHARSETS[match[1].lower()]) or None
    except UnicodeDecodeError:
        return None
