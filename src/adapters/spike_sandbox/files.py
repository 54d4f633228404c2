"""Pictures that are files already: a child reads these by itself, and may not write to them."""

import contextlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

FILE_BYTES_MIN: Final = 1024 * 1024  # what is smaller is sent as fast, and may be in memory as yet


@contextmanager
def as_file(picture: BinaryIO) -> Iterator[int | None]:
    """Yield a descriptor of the file that a stream is of, for reading alone; `None` where there is none to be had."""
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
        # by its name in /proc, for a copy of the descriptor could write what ours can; not every system has that
        descriptor = os.open(f"/proc/self/fd/{picture.fileno()}", os.O_RDONLY | os.O_CLOEXEC)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
    return None
