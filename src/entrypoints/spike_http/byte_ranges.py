"""Conditional and range requests (RFC 9110, sections 13 and 14) for what has an ETag and a time.

One range is answered with 206. Several ranges, other units and malformed ones are ignored, which the RFC allows: the
response is the whole. A HEAD has no ranges.
"""

import os
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import BinaryIO, Final

import falcon
from attrs import frozen

from spike_http.context import Request
from spike_http.responses.serialization import matches_etag

_ONE_RANGE: Final = re.compile(r"bytes=\s*(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})\s*", re.IGNORECASE)


@frozen(kw_only=True)
class Version:
    """What identifies the version of a response's content."""

    etag: str  # strong, without quotes
    last_modified: datetime

    def describe(self, resp: falcon.Response) -> None:
        """Set the headers."""
        resp.etag = self.etag
        resp.last_modified = self.last_modified

    def is_known_to(self, req: falcon.Request) -> bool:
        """Return whether the client has this version, so that 304 answers it."""
        if req.get_header("If-None-Match") is not None:
            return matches_etag(req, self.etag)
        since = _date(req.get_header("If-Modified-Since"))
        return since is not None and self._whole_second <= since

    def _may_continue(self, req: falcon.Request) -> bool:
        """Return whether the part that the client has, if any, is of this version (`If-Range`)."""
        condition = req.get_header("If-Range")
        if condition is None:
            return True
        if '"' in condition:
            return condition.strip() == f'"{self.etag}"'  # a weak one never matches
        return _date(condition) == self._whole_second

    @property
    def _whole_second(self) -> datetime:
        return self.last_modified.replace(microsecond=0)

    def part(self, req: Request, *, size_bytes: int) -> "ByteRange | None":
        """Return the part of the content that the request wants; `None` if it is the whole.

        Raises:
            HTTPRangeNotSatisfiable: the part begins behind the content's end.
        """
        asked = _ONE_RANGE.fullmatch(req.get_header("Range") or "")
        if asked is None or req.context.is_head or not self._may_continue(req):
            return None
        first, last = asked["first"], asked["last"]
        is_reversed = bool(first and last) and int(first) > int(last)
        if is_reversed or not (first or last):
            return None  # malformed
        if first:
            part = ByteRange(first=int(first), last=min(int(last or size_bytes), size_bytes - 1))
        else:
            part = ByteRange(first=max(0, size_bytes - int(last)), last=size_bytes - 1)
        if part.first >= size_bytes:
            raise falcon.HTTPRangeNotSatisfiable(size_bytes)
        return part


@frozen(kw_only=True)
class ByteRange:
    """A part of a content; both ends belong to it."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """The number of bytes."""
        return self.last - self.first + 1

    def describe(self, resp: falcon.Response, *, size_bytes: int) -> None:
        """Set the status and the header."""
        resp.status = falcon.HTTP_PARTIAL_CONTENT
        resp.set_header("Content-Range", f"bytes {self.first}-{self.last}/{size_bytes}")


class Section:
    """A part of a seekable stream, as a stream of its own, which the server seeks and sends by itself."""

    def __init__(self, stream: BinaryIO, part: ByteRange) -> None:
        """Start at the part's beginning."""
        self._stream, self._part = stream, part
        self._at = 0
        self._stream.seek(part.first)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes."""
        left = self._part.length - self._at
        data = self._stream.read(left if size is None or size < 0 else min(size, left))
        self._at += len(data)
        return data

    def seekable(self) -> bool:
        """Return that it is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move within the part, and return the new position in it."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._part.length}[whence]
        self._at = min(max(0, start + offset), self._part.length)
        self._stream.seek(self._part.first + self._at)
        return self._at

    def tell(self) -> int:
        """Return the position in the part."""
        return self._at


def _date(text: str | None) -> datetime | None:
    """Return a date of HTTP; `None` if there is none that can be read."""
    if text is None:
        return None
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the second one of numbers that are far too large
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
