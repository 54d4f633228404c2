"""The directories of a TIFF file, read by tifffile within bounds (TIFF 6.0, section 2; BigTIFF).

tifffile reads some tags as soon as it meets a directory, however long a hostile file says that they are; so it gets a
ration of bytes for all of them.

Import this module only where a TIFF is opened: tifffile takes a while to load.
"""

import itertools
import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import field, frozen
from tifffile import TiffFile, TiffFrame, TiffPage

from spike_core.domain.errors import MultiplePages, UndecodablePicture
from spike_imaging.tiff_tags import Tag

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_DIRECTORIES_MAX: Final = 1024
_CHILDREN_MAX: Final = 64  # of one directory
_ENTRIES_MAX: Final = 1 << 14  # of all directories together
_NUMBERS_MAX: Final = 1 << 20  # of one tag
_RATION_BYTES: Final = 8 * 1024 * 1024  # of directories and the tags that are read with them
_READ_COST_BYTES: Final = 64  # of any read, however short
_HEAD_BYTES: Final = 8  # of a directory of BigTIFF
_RATIONALS: Final = frozenset({5, 10})  # types of values
_is_quiet: ContextVar[bool] = ContextVar("_is_quiet", default=False)
logging.getLogger("tifffile").addFilter(lambda _: not _is_quiet.get())


@frozen(eq=False)
class Directory:
    """The tags of one page of a TIFF file; those whose values aren't in the file are missing."""

    data: bytes = field(repr=False)  # of the whole file
    page: TiffPage

    def __contains__(self, tag: int) -> bool:
        """Return whether the page has a tag."""
        return tag in self.page.tags

    def content(self, tag: int) -> bytes:
        """Return the bytes of a tag's values; empty where it is missing."""
        entry = self.page.tags.get(tag)
        if entry is None:
            return b""
        return self.data[entry.valueoffset : entry.valueoffset + entry.valuebytecount]

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Return a tag's values, which are ints but for real types; empty where it is missing or no number.

        Raises:
            UndecodablePicture: they are too many.
        """
        entry = self.page.tags.get(tag)
        if entry is None:
            return ()
        if entry.count > _NUMBERS_MAX:
            raise UndecodablePicture
        with _quiet():
            value = entry.value
        if isinstance(value, np.ndarray):
            value = value.ravel().tolist()
        values = tuple(value) if isinstance(value, (tuple, list, bytes)) else (value,)
        if not all(isinstance(each, (int, float)) for each in values):
            return ()
        if entry.dtype not in _RATIONALS:
            return values
        return tuple(above / (below or 1) for above, below in zip(values[::2], values[1::2], strict=True))

    def integers(self, tag: int) -> tuple[int, ...]:
        """Return a tag's values where they are whole numbers; empty where it is missing or of another type.

        Raises:
            UndecodablePicture: see `numbers`.
        """
        return tuple(int(value) for value in self.numbers(tag) if isinstance(value, int))

    def integer(self, tag: int, default: int) -> int:
        """Return a tag's first value.

        Raises:
            UndecodablePicture: see `numbers`.
        """
        return next(iter(self.integers(tag)), default)


@frozen(eq=False)
class Directories:
    """All directories of a TIFF file."""

    pages: tuple[Directory, ...]  # those that are linked from the header; at least one
    children: tuple[Directory, ...]  # those that others name as theirs (SubIFDs)

    @property
    def all(self) -> tuple[Directory, ...]:
        """Return pages and children."""
        return self.pages + self.children


@contextmanager
def opened_directories(data: bytes) -> Iterator[Directories]:
    """Read a TIFF file's directories; their tags can be read until they are closed.

    Raises:
        MultiplePages: there are more than `_DIRECTORIES_MAX`.
        UndecodablePicture: there is none, or they have too many tags, or too long ones.
        Exception: what tifffile raises on bytes that it can't read.
    """
    with _Ration(data) as ration:  # which ends the file's share in the bytes, else kept by circles of references
        with _quiet():
            directories = _read(data, ration)
        if not directories.pages:
            raise UndecodablePicture
        yield directories


def _read(data: bytes, ration: "_Ration") -> Directories:
    file = TiffFile(ration, is_lsm=False, is_scanimage=False, is_ndpi=False)  # not as the stacks that these are
    reader = _Reader(data, ration)
    pages = tuple(reader.chain(file))
    children: list[Directory] = []
    parents = list(pages)
    while parents:
        found = list(reader.children(file, parents.pop()))
        children += found
        parents += found
    return Directories(pages, tuple(children))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what tifffile says of broken files out of the program's log, and numpy's warnings of their numbers."""
    token = _is_quiet.set(True)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        _is_quiet.reset(token)


class _Ration(BytesIO):
    """A file of which only so much is read."""

    left_bytes = _RATION_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, as long as the ration lasts."""
        self._take(size)
        return super().read(size)

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read, as long as the ration lasts."""
        self._take(memoryview(buffer).nbytes)
        return super().readinto(buffer)

    def check(self) -> None:
        """Check that the ration has lasted: tifffile goes on after some errors.

        Raises:
            UndecodablePicture: it hasn't.
        """
        if self.left_bytes < 0:
            raise UndecodablePicture

    def _take(self, size_bytes: int | None) -> None:
        if size_bytes is None or size_bytes < 0:  # all there is
            size_bytes = _RATION_BYTES
        self.left_bytes -= _READ_COST_BYTES + size_bytes
        self.check()


class _Reader:
    """Reads directories; each once, and no more than the limits allow in all."""

    def __init__(self, data: bytes, ration: _Ration) -> None:
        self._data = data
        self._ration = ration
        self._seen: set[int] = set()
        self._entries = 0

    def chain(self, file: TiffFile) -> Iterator[Directory]:
        """Yield the directories that are linked from the header; a circle ends, of which tifffile notices few."""
        for index in itertools.count():
            try:
                page = file.pages.get(index)
            except IndexError:
                return
            if page.offset in self._seen:
                return
            self._admit(file, page.offset)
            yield self._directory(page)

    def children(self, file: TiffFile, parent: Directory) -> Iterator[Directory]:
        """Yield the directories that another one names as its own, without those that can't be read."""
        for offset in parent.integers(Tag.SUB_IFDS)[:_CHILDREN_MAX]:
            if offset in self._seen or not 0 < offset < len(self._data) - _HEAD_BYTES:
                continue
            self._admit(file, offset)
            file.filehandle.seek(offset)
            with suppress(Exception):  # of many kinds; the page itself may be read yet
                yield self._directory(TiffPage(file, index=(0, 0)))
            self._ration.check()

    def _admit(self, file: TiffFile, offset: int) -> None:
        """Count a directory."""
        self._seen.add(offset)
        self._entries += struct.unpack_from(file.tiff.tagnoformat, self._data, offset)[0]
        if len(self._seen) > _DIRECTORIES_MAX:
            raise MultiplePages(pages=_DIRECTORIES_MAX)
        if self._entries > _ENTRIES_MAX:
            raise UndecodablePicture

    def _directory(self, page: TiffPage | TiffFrame) -> Directory:
        self._ration.check()
        if not isinstance(page, TiffPage):  # a frame has no tags, and isn't asked for
            raise UndecodablePicture
        return Directory(self._data, page)
