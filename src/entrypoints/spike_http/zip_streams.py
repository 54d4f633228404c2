"""Zip archives as streams: written while they are sent, without compression, in constant memory.

The archive is written by `zipfile` to a stream that can't be sought, so an entry's size and checksum follow its bytes
(APPNOTE.TXT, section 4.3.9). Where an object is missing or has another size than its row says, the stream fails before
the central directory is written: what the client then has is no archive.
"""

import os
import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Final

from attrs import field, frozen

from spike_core.domain.errors import InvariantViolated
from spike_core.ports.blobs import BlobStore
from spike_core.services.zip_downloads import DownloadedObject

PIECE_BYTES: Final = 64 * 1024
_EARLIEST: Final = datetime(1980, 1, 1, tzinfo=UTC)  # of the format
_PERMISSIONS: Final = 0o644 << 16  # of an ordinary file, where Unix looks for them
_UNIX: Final = 3

# the lengths of the format's records, without names
_LOCAL, _CENTRAL, _END = 30, 46, 22
_DESCRIPTOR, _DESCRIPTOR_64 = 16, 24
_END_64: Final = 56 + 20
_SIZES_64: Final = 20  # a local header's extra field


class ZipStream:
    """An archive as an iterable of bytes, for the server. Its end, or closing it, frees what `resources` hold."""

    def __init__(self, objects: Sequence[DownloadedObject], blobs: BlobStore, resources: ExitStack) -> None:
        """Write nothing yet."""
        self._pieces = _pieces(objects, blobs)
        self._resources = resources

    def __iter__(self) -> Iterator[bytes]:
        """Return the pieces."""
        with self._resources:
            yield from self._pieces

    def close(self) -> None:
        """Stop writing."""
        self._pieces.close()
        self._resources.close()


def archive_bytes(objects: Sequence[DownloadedObject]) -> int | None:
    """Return the archive's size, so that clients know how much is left; `None` if an object's size isn't known."""
    size = central = 0
    limit = zipfile.ZIP64_LIMIT
    for each in objects:
        if each.size_bytes is None:
            return None
        name = len(each.name.encode())
        is_64 = each.size_bytes * 1.05 > limit  # as `zipfile` has it
        extra = (16 if each.size_bytes > limit else 0) + (8 if size > limit else 0)
        central += _CENTRAL + name + (4 + extra if extra else 0)
        size += _LOCAL + name + (_SIZES_64 if is_64 else 0) + each.size_bytes
        size += _DESCRIPTOR_64 if is_64 else _DESCRIPTOR
    is_64 = len(objects) > zipfile.ZIP_FILECOUNT_LIMIT or max(size, central) > limit
    return size + central + (_END_64 if is_64 else 0) + _END


def _pieces(objects: Sequence[DownloadedObject], blobs: BlobStore) -> Generator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for each in objects:
            with blobs.open(each.key) as source:
                size_bytes = source.seek(0, os.SEEK_END)
                source.seek(0)
                if each.size_bytes not in {None, size_bytes}:
                    raise InvariantViolated(f"{each.key} has {size_bytes} bytes, not {each.size_bytes}")
                with archive.open(_info(each, size_bytes), "w") as target:
                    while piece := source.read(PIECE_BYTES):
                        target.write(piece)
                        yield sink.take()
    yield sink.take()


def _info(each: DownloadedObject, size_bytes: int) -> zipfile.ZipInfo:
    stored_at = max(each.stored_at.astimezone(UTC), _EARLIEST)
    info = zipfile.ZipInfo(each.name, date_time=stored_at.timetuple()[:6])
    info.create_system = _UNIX
    info.external_attr = _PERMISSIONS
    info.file_size = size_bytes  # whether the entry needs zip64
    return info


@frozen(eq=False)
class _Sink:
    """A stream that can't be sought, and holds what was written until it is taken."""

    _written: bytearray = field(factory=bytearray, init=False)

    def write(self, data: bytes, /) -> int:
        self._written.extend(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: what is written is held."""

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken
