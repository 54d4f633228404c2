"""Multipart forms (RFC 7578), read part by part as they are received.

Falcon's own reader rejects what form libraries of phones and of the JVM send: any `Content-Transfer-Encoding` but
`binary`, header lines without a space after the colon, and file names that aren't UTF-8.
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
_CONTENT_TYPE_CHARS_MAX: Final = 1024  # parsing takes time quadratic in the number of semicolons
_IDENTITY: Final = frozenset({"", "7bit", "8bit", "binary"})  # RFC 2045, section 6.2: the identity encodings
_LINE_END: Final = b"\r\n"
_FOLDED: Final = re.compile(rb"\r\n[ \t]+")  # RFC 5322, section 2.2.3
_EXTENDED: Final = re.compile(r"([\w-]+)'[\w-]*'(.*)", re.DOTALL)  # RFC 5987, section 3.2
_CHARSETS: Final = {"utf-8": "utf-8", "iso-8859-1": "latin-1"}  # the two that RFC 5987 requires


@frozen(kw_only=True)
class Part:
    """A part of a form."""

    name: str  # empty if it has none
    filename: str | None  # as received; `None` if the part isn't a file
    stream: Any  # Falcon's reader, up to the end of the part

    def is_unused_input(self) -> bool:
        """Return whether it is a browser's file input without a chosen file: its file name and content are empty."""
        return self.filename == "" and not self.stream.peek(1)


def parts_of(req: falcon.Request) -> Iterator[Part]:
    """Yield the parts of a body. Unread bytes of a part are skipped when the next one is requested.

    Raises:
        MalformedBody: the body isn't a form, or has too many parts.
        UnsupportedTransferEncoding: a part is encoded.
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
    if headers.get("content-transfer-encoding", b"").lower().decode("latin-1") not in _IDENTITY:
        raise UnsupportedTransferEncoding
    _, options = falcon.parse_header(_text(headers.get("content-disposition", b"")))
    extended = _extended(options.get("filename*", ""))
    return Part(
        name=options.get("name", ""),
        filename=options.get("filename") if extended is None else extended,
        stream=stream,
    )


def _text(value: bytes) -> str:
    """Decode a header as UTF-8, or else as windows-1252, browsers' Latin-1 (https://encoding.spec.whatwg.org)."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def _extended(value: str) -> str | None:
    """Return the text of a `filename*`, or `None` if it can't be decoded; then `filename` is used."""
    match = _EXTENDED.fullmatch(value)
    if match is None or match[1].lower() not in _CHARSETS:
        return None
    try:
        return unquote_to_bytes(match[2]).decode(_CHARSETS[match[1].lower()]) or None
    except UnicodeDecodeError:
        return None
