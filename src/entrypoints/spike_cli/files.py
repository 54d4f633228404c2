"""The user's files: read within limits, and written atomically."""

import os
import stat
import tempfile
from enum import Enum
from pathlib import Path
from typing import Final, assert_never

from attrs import frozen

FILE_BYTES_MAX: Final = 512 * 1024 * 1024  # 50 megapixels in 16 bits with alpha are 400 MB
_MODE: Final = 0o666  # less the umask, as for any new file


class Existing(Enum):
    """Whether an existing file is kept or replaced."""

    KEPT = "kept"
    REPLACED = "replaced"


@frozen
class UnusableFile(Exception):
    """A file can't be read or written."""

    reason: str

    def __str__(self) -> str:
        """Return the message for the user."""
        return self.reason


def read_file(path: Path) -> bytes:
    """Return a regular file's bytes.

    Raises:
        UnusableFile: it doesn't exist, isn't a regular file, is too large, or can't be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:  # noqa: PTH123  # a pipe would block Path.open before it can be refused
            about = os.fstat(file.fileno())
            if stat.S_ISDIR(about.st_mode):
                raise UnusableFile("it is a folder")
            if not stat.S_ISREG(about.st_mode):
                raise UnusableFile("it isn't a regular file")
            if about.st_size > FILE_BYTES_MAX:
                raise UnusableFile(f"it is larger than {FILE_BYTES_MAX // (1024 * 1024)} MB")
            return file.read(FILE_BYTES_MAX)
    except OSError as error:
        raise UnusableFile(error.strerror or str(error)) from error


def check_free(path: Path, *, existing: Existing, originals: frozenset[Path]) -> None:
    """Check that a file may be written there; `originals` are resolved paths.

    Raises:
        UnusableFile: a file exists that mustn't be replaced.
    """
    if path.resolve() in originals:
        raise UnusableFile(f"{path} is one of the originals, which are never replaced")
    if not os.path.lexists(path):
        return
    if existing is Existing.KEPT:
        raise UnusableFile(f"{path} exists already; --overwrite replaces it")
    if not path.is_file():
        raise UnusableFile(f"{path} exists and isn't a regular file")


def write_file(path: Path, content: bytes, *, existing: Existing) -> None:
    """Write a file atomically: it appears complete or not at all, even if the command is interrupted.

    Raises:
        UnusableFile: it can't be written, or a file exists that mustn't be replaced.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".spike-", suffix=".part")
    except OSError as error:
        raise UnusableFile(f"{path}: {error.strerror or error}") from error
    part = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123  # a descriptor
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(_MODE & ~_umask())
        match existing:
            case Existing.REPLACED:
                part.replace(path)
            case Existing.KEPT:
                _put_beside(part, path)
            case unreachable:
                assert_never(unreachable)
    except FileExistsError as error:
        raise UnusableFile(f"{path} exists already; --overwrite replaces it") from error
    except OSError as error:
        raise UnusableFile(f"{path}: {error.strerror or error}") from error
    finally:  # after Ctrl-C, too
        part.unlink(missing_ok=True)


def _put_beside(part: Path, path: Path) -> None:
    """Give a file its final name unless that exists: by a hard link, which fails in that case."""
    try:
        path.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:  # the file system has no hard links
        if os.path.lexists(path):
            raise FileExistsError from None
        part.rename(path)


def _umask() -> int:
    umask = os.umask(0)  # it can't be read without being set
    os.umask(umask)
    return umask
