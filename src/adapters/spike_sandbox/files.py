"""Pictures in files, which a child reads itself through a read-only descriptor."""

import contextlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

FILE_BYTES_MIN: Final = 1024 * 1024  # smaller files are sent as quickly, and may still be in a buffer


@contextmanager
def as_file(picture: BinaryIO) -> Iterator[int | None]:
    """Yield a read-only descriptor of a stream's file, or `None` if it has none."""
    descriptor = _opened(picture)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _opened(picture: BinaryIO) -> int | None:
    begin = picture.tell()
    size_bytes = picture.seek(0, os.SEEK_END)
    picture.seek(begin)
    if size_bytes < FILE_BYTES_MIN:
        return None
    with contextlib.suppress(AttributeError, io.UnsupportedOperation, OSError):
        picture.flush()
        # by its name in /proc, since a duplicate of the descriptor would be writable; not every system has /proc
        descriptor = os.open(f"/proc/self/fd/{picture.fileno()}", os.O_RDONLY | os.O_CLOEXEC)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
    return None
