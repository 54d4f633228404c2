"""Streams to and from the store that hold only a small part in memory."""

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, Protocol, cast

COPY_BYTES: Final = 256 * 1024
IN_MEMORY_BYTES_MAX: Final = 1024 * 1024  # longer streams are kept in a temporary file


class Source(Protocol):
    """A stream that can be read in pieces."""

    def read(self, size: int, /) -> bytes:
        """Return the next piece, empty at the end."""


def copy(source: Source, target: BinaryIO, *, bytes_max: int) -> None:
    """Copy the rest of a stream, piece by piece.

    Raises:
        OSError: EFBIG; there is more than `bytes_max`.
    """
    size_bytes = 0
    while piece := source.read(COPY_BYTES):
        size_bytes += len(piece)
        if size_bytes > bytes_max:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        target.write(piece)


@contextmanager
def spool() -> Iterator[BinaryIO]:
    """Yield a temporary stream that can be read, written and sought."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES_MAX) as file:
        yield cast("BinaryIO", file)


@contextmanager
def sendable(content: BinaryIO) -> Iterator[BinaryIO]:
    """Yield the rest of `content` as a seekable stream, so that a retry can send it again."""
    if content.seekable():
        yield cast("BinaryIO", Remainder(content))
        return
    with spool() as file:
        copy(content, file, bytes_max=sys.maxsize)
        file.seek(0)
        yield file


class Remainder:
    """The rest of a stream, as a stream that starts at 0. A retried call seeks to 0."""

    def __init__(self, content: BinaryIO) -> None:
        """Start at the stream's current position."""
        self._content = content
        self._start = content.tell()

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes."""
        return self._content.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move, and return the new position."""
        start = self._start if whence == os.SEEK_SET else 0
        return self._content.seek(start + offset, whence) - self._start

    def tell(self) -> int:
        """Return the position."""
        return self._content.tell() - self._start
