"""The directories of a TIFF file, read by tifffile within limits (TIFF 6.0, section 2; BigTIFF).

tifffile reads some tags together with their directory, at the length that a file declares; a budget limits the bytes
read for all of them.

Import this module only when a TIFF is opened: tifffile takes a while to load.
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

from spike_core.domain.errors import MultiplePages, UndecodablePicture, UnsupportedPicture
from spike_imaging.tiff_tags import Tag

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_DIRECTORIES_MAX: Final = 1024
_CHILDREN_MAX: Final = 64  # of one directory
_ENTRIES_MAX: Final = 1 << 14  # of all directories together
_NUMBERS_MAX: Final = 1 << 20  # of one tag
_READ_BUDGET_BYTES: Final = 8 * 1024 * 1024  # for directories and the tags that are read with them
_READ_COST_BYTES: Final = 64  # of any read, however short
_HEAD_BYTES: Final = 8  # of a BigTIFF directory
_RATIONALS: Final = frozenset({5, 10})  # types of values
_is_quiet: ContextVar[bool] = ContextVar("_is_quiet", default=False)
logging.getLogger("tifffile").addFilter(lambda _: not _is_quiet.get())


@frozen(eq=False)
class Directory:
    """The tags of one page of a TIFF file, except those whose values aren't in the file."""

    data: bytes = field(repr=False)  # of the whole file
    page: TiffPage

    def __contains__(self, tag: int) -> bool:
        """Return whether the page has a tag."""
        return tag in self.page.tags

    def content(self, tag: int) -> bytes:
        """Return the bytes of a tag's values; empty if it is missing."""
        entry = self.page.tags.get(tag)
        if entry is None:
            return b""
        return self.data[entry.valueoffset : entry.valueoffset + entry.valuebytecount]

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Return a tag's values, ints unless the type is real; empty if it is missing or not numeric.

        Raises:
            UndecodablePicture: there are too many.
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
        """Return a tag's values if they are integers; empty if it is missing or of another type.

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

    pages: tuple[Directory, ...]  # linked from the header; at least one
    children: tuple[Directory, ...]  # nested in others (SubIFDs)

    @property
    def all(self) -> tuple[Directory, ...]:
        """Return pages and children."""
        return self.pages + self.children


@contextmanager
def opened_directories(data: bytes) -> Iterator[Directories]:
    """Read a TIFF file's directories; their tags can be read until the context ends.

    Raises:
        MultiplePages: there are more than `_DIRECTORIES_MAX`.
        UndecodablePicture: there is none, or they have too many tags, or too long ones.
        Exception: any error of tifffile on malformed bytes.
    """
    # closing the file releases the data, which tifffile's reference cycles would keep alive
    with _BudgetedFile(data) as budget:
        with _quiet():
            directories = _read(data, budget)
        if not directories.pages:
            raise UndecodablePicture
        yield directories


def _read(data: bytes, budget: "_BudgetedFile") -> Directories:
    file = TiffFile(budget, is_lsm=False, is_scanimage=False, is_ndpi=False)  # which it would read as stacks
    reader = _Reader(data, budget)
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
    """Suppress tifffile's log about broken files, and numpy's warnings about their numbers."""
    token = _is_quiet.set(True)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        _is_quiet.reset(token)


class _BudgetedFile(BytesIO):
    """A file that limits the total number of bytes read."""

    left_bytes = _READ_BUDGET_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        """Read within the budget."""
        self._take(size)
        return super().read(size)

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read within the budget."""
        self._take(memoryview(buffer).nbytes)
        return super().readinto(buffer)

    def check(self) -> None:
        """Check that the budget isn't exhausted, since tifffile continues after some errors.

        Raises:
            UndecodablePicture: it is.
        """
        if self.left_bytes < 0:
            raise UndecodablePicture

    def _take(self, size_bytes: int | None) -> None:
        if size_bytes is None or size_bytes < 0:  # everything
            size_bytes = _READ_BUDGET_BYTES
        self.left_bytes -= _READ_COST_BYTES + size_bytes
        self.check()


class _Reader:
    """Reads directories, each once, within the limits."""

    def __init__(self, data: bytes, budget: _BudgetedFile) -> None:
        self._data = data
        self._budget = budget
        self._seen: set[int] = set()
        self._entries = 0

    def chain(self, file: TiffFile) -> Iterator[Directory]:
        """Yield the directories linked from the header. Stops at a cycle, of which tifffile detects few."""
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
        """Yield the directories nested in another one, except those that can't be read."""
        for offset in parent.integers(Tag.SUB_IFDS)[:_CHILDREN_MAX]:
            if offset in self._seen or not 0 < offset < len(self._data) - _HEAD_BYTES:
                continue
            self._admit(file, offset)
            file.filehandle.seek(offset)
            with suppress(Exception):  # of many kinds; the page itself may still be readable
                yield self._directory(TiffPage(file, index=(0, 0)))
            self._budget.check()

    def _admit(self, file: TiffFile, offset: int) -> None:
        """Count a directory."""
        self._seen.add(offset)
        self._entries += struct.unpack_from(file.tiff.tagnoformat, self._data, offset)[0]
        if len(self._seen) > _DIRECTORIES_MAX:
            raise MultiplePages(pages=_DIRECTORIES_MAX)
        if self._entries > _ENTRIES_MAX:
            raise UnsupportedPicture(name=f"TIFF with more than {_ENTRIES_MAX} tags", advice="Export it as JPEG or PNG")

    def _directory(self, page: TiffPage | TiffFrame) -> Directory:
        self._budget.check()
        if not isinstance(page, TiffPage):  # a frame has no tags, and is never requested
            raise UndecodablePicture
        return Directory(self._data, page)
