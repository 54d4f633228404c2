"""Digests of objects, computed from the bytes that are stored anyway."""

import hashlib
import os
from collections.abc import Callable
from typing import BinaryIO, Final, cast

from spike_core.domain.objects import ContentDigest

READ_BYTES: Final = 256 * 1024


def digested(content: BinaryIO, store: Callable[[BinaryIO], None]) -> ContentDigest:
    """Store the rest of `content` by `store`, and return the digest of what `store` has read."""
    stream = _DigestingStream(content)
    store(cast("BinaryIO", stream))
    return stream.digest()


def sha256_of(content: BinaryIO) -> bytes:
    """Return the SHA-256 of the rest of a stream."""
    sha256 = hashlib.sha256()
    while piece := content.read(READ_BYTES):
        sha256.update(piece)
    return sha256.digest()


class _DigestingStream:
    """A stream that digests what is read, each byte once, also if a store reads it again for a retry."""

    def __init__(self, content: BinaryIO) -> None:
        self._content = content
        self._start = self._digested = self._position = content.tell()
        self._sha256 = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        piece = self._content.read(size)
        is_new = self._position <= self._digested < self._position + len(piece)
        if is_new:
            self._sha256.update(memoryview(piece)[self._digested - self._position :])
        self._position += len(piece)
        if is_new:
            self._digested = self._position
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._position = self._content.seek(offset, whence)
        return self._position

    def tell(self) -> int:
        return self._position

    def seekable(self) -> bool:
        return self._content.seekable()

    def readable(self) -> bool:
        return True

    def digest(self) -> ContentDigest:
        """Return the digest of the whole; whatever a store has skipped is read."""
        if self._position != self._digested:
            self.seek(self._digested)
        while self.read(READ_BYTES):
            pass
        return ContentDigest(size_bytes=self._digested - self._start, sha256=self._sha256.digest())
