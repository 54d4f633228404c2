"""Streams on their way to and from the store, of which little is in memory at once."""

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, Protocol, cast

COPY_BYTES: Final = 256 * 1024
IN_MEMORY_BYTES_MAX: Final = 1024 * 1024  # what is longer goes through a file of the machine's temporary folder


class Source(Protocol):
    """Anything that can be read piece by piece."""

    def read(self, size: int, /) -> bytes:
        """Return the next piece, empty at the end."""


def copy(source: Source, target: BinaryIO, *, bytes_max: int) -> None:
    """Copy what is left of a stream, a piece at a time.

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
    """Give a stream that can be written, read and sought in, and that is gone afterwards."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES_MAX) as file:
        yield cast("BinaryIO", file)


@contextmanager
def sendable(content: BinaryIO) -> Iterator[BinaryIO]:
    """Give what is left of `content` as a stream that can be sent again if need be."""
    if content.seekable():
        yield cast("BinaryIO", Remainder(content))
        return
    with spool() as file:
        copy(content, file, bytes_max=sys.maxsize)
        file.seek(0)
        yield file


class Remainder:
    """What is left of a stream, as a stream whose beginning is 0: that is where a repeated call goes back to."""

    def __init__(self, content: BinaryIO) -> None:
        """Begin where the stream stands."""
        self._content = content
        self._start = content.tell()

    def read(self, size: int = -1, /) -> bytes:
        """Read on."""
        return self._content.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move, and return the new position."""
        start = self._start if whence == os.SEEK_SET else 0
        return self._content.seek(start + offset, whence) - self._start

    def tell(self) -> int:
        """Return the position."""
        return self._content.tell() - self._start
