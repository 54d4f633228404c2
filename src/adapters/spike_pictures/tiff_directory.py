"""The structure of a TIFF file: its directories and their tags (TIFF 6.0, section 2; BigTIFF).

Values are read only where someone asks for them, so that broken metadata doesn't refuse a picture, and large ones cost
nothing.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Final, Literal

from attrs import field, frozen

from spike_core.domain.errors import MultiplePages, UndecodablePicture
from spike_pictures.tiff_tags import Tag

ByteOrder = Literal["<", ">"]  # as in `struct` and numpy

_DIRECTORIES_MAX: Final = 4096
_CHILDREN_MAX: Final = 64  # of one directory
_ENTRIES_MAX: Final = 1 << 17  # of all directories together
_NUMBERS_MAX: Final = 1 << 20  # of one tag
_BYTE_ORDERS: Final[Mapping[bytes, ByteOrder]] = {b"II": "<", b"MM": ">"}
_BIG: Final = 43  # the version of BigTIFF
# code of struct, of each field type that holds numbers; a rational is a pair
_NUMBER_TYPES: Final[Mapping[int, str]] = {
    1: "B",
    3: "H",
    4: "I",
    6: "b",
    7: "B",
    8: "h",
    9: "i",
    11: "f",
    12: "d",
    13: "I",
    16: "Q",
    17: "q",
    18: "Q",
    5: "II",
    10: "ii",
}
_TEXT: Final = 2
_RATIONALS: Final = frozenset({5, 10})


@frozen
class Entry:
    """One tag: the type and number of its values, and where in the file they are."""

    type: int
    count: int
    offset: int

    @property
    def size_bytes(self) -> int:
        """Return the size of all values; 0 where the type is unknown."""
        if self.type == _TEXT:
            return self.count
        return struct.calcsize("=" + _NUMBER_TYPES.get(self.type, "")) * self.count


@frozen(eq=False)
class Directory:
    """The tags of one page of a TIFF file."""

    data: bytes = field(repr=False)  # of the whole file
    byte_order: ByteOrder
    entries: Mapping[int, Entry]

    def content(self, tag: int) -> bytes:
        """Return the bytes of a tag's values; empty where it is missing.

        Raises:
            UndecodablePicture: they aren't in the file.
        """
        entry = self.entries.get(tag)
        if entry is None:
            return b""
        end = entry.offset + entry.size_bytes
        if end > len(self.data):
            raise UndecodablePicture
        return self.data[entry.offset : end]

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Return a tag's values, which are ints but for real types; empty where it is missing or no number.

        Raises:
            UndecodablePicture: they aren't in the file, or too many.
        """
        entry = self.entries.get(tag)
        if entry is None or entry.type not in _NUMBER_TYPES:
            return ()
        if entry.count > _NUMBERS_MAX:
            raise UndecodablePicture
        code = _NUMBER_TYPES[entry.type]
        values = struct.unpack(f"{self.byte_order}{code[0] * (len(code) * entry.count)}", self.content(tag))
        if entry.type not in _RATIONALS:
            return values
        return tuple(above / (below or 1) for above, below in zip(values[::2], values[1::2], strict=True))

    def integers(self, tag: int) -> tuple[int, ...]:
        """Return a tag's values where they are whole numbers; empty where it is missing or of another type.

        Raises:
            UndecodablePicture: see `numbers`.
        """
        return tuple(value for value in self.numbers(tag) if isinstance(value, int))

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
    children: tuple[Directory, ...]  # those that others name as theirs (SubIFDs), and those linked from them
    is_complete: bool  # False where a child can't be read

    @property
    def all(self) -> tuple[Directory, ...]:
        """Return pages and children."""
        return self.pages + self.children


def directories_of(data: bytes) -> Directories:
    """Return a TIFF file's directories.

    Raises:
        MultiplePages: there are more than `_DIRECTORIES_MAX`.
        UndecodablePicture: there is none, one of the pages can't be read, or they have too many tags.
    """
    reader = _Reader(data, _byte_order(data))
    pages = tuple(reader.chain(reader.first_offset))
    if not pages:
        raise UndecodablePicture
    children: list[Directory] = []
    is_complete = True
    parents = list(pages)
    while parents:
        parent = parents.pop()
        try:
            for offset in parent.integers(Tag.SUB_IFDS)[:_CHILDREN_MAX]:
                found = list(reader.chain(offset))
                children += found
                parents += found
            is_complete &= parent.entries.get(Tag.SUB_IFDS, _NO_ENTRY).count <= _CHILDREN_MAX
        except UndecodablePicture:
            is_complete = False
    return Directories(pages, tuple(children), is_complete)


def directory_at(directory: Directory, tag: int) -> Directory:
    """Return the directory that a tag of another one points to, as the tag ExifIFD does.

    Raises:
        UndecodablePicture: it can't be read.
    """
    reader = _Reader(directory.data, _byte_order(directory.data))
    return next(reader.chain(directory.integer(tag, 0)), Directory(directory.data, directory.byte_order, {}))


_NO_ENTRY: Final = Entry(type=0, count=0, offset=0)


def _byte_order(data: bytes) -> ByteOrder:
    try:
        return _BYTE_ORDERS[data[:2]]
    except KeyError as error:
        raise UndecodablePicture from error


class _Reader:
    """Reads directories; each once, and no more than the limits allow in all."""

    def __init__(self, data: bytes, byte_order: ByteOrder) -> None:
        self._data = data
        self._byte_order = byte_order
        self._is_big = self._unpack("H", 2)[0] == _BIG
        self._seen: set[int] = set()
        self._entries = 0

    @property
    def first_offset(self) -> int:
        """Return where the header says that the first directory is."""
        return int(self._unpack("Q", 8)[0] if self._is_big else self._unpack("I", 4)[0])

    def chain(self, offset: int) -> Iterator[Directory]:
        """Yield the directory at an offset, and those that follow by its link; a circle ends."""
        while offset and offset not in self._seen:
            if len(self._seen) >= _DIRECTORIES_MAX:
                raise MultiplePages(pages=_DIRECTORIES_MAX)
            self._seen.add(offset)
            directory, offset = self._directory(offset)
            yield directory

    def _directory(self, offset: int) -> tuple[Directory, int]:
        """Return a directory, and the offset of the next one."""
        head, layout, link = ("Q", "HHQ8s", "Q") if self._is_big else ("H", "HHI4s", "I")
        count = self._unpack(head, offset)[0]
        self._entries += count
        if not count or self._entries > _ENTRIES_MAX:
            raise UndecodablePicture
        start = offset + struct.calcsize("=" + head)
        size_bytes = struct.calcsize("=" + layout)
        end = start + count * size_bytes
        if end > len(self._data):
            raise UndecodablePicture
        inside = struct.calcsize("=HH" + link)  # of an entry: where its values are, or the offset to them
        room_bytes = size_bytes - inside
        entries: dict[int, Entry] = {}
        fields = struct.iter_unpack(self._byte_order + layout, self._data[start:end])
        for index, (tag, type_, number, value) in enumerate(fields):
            entry = Entry(type_, number, start + index * size_bytes + inside)
            if entry.size_bytes > room_bytes:
                entry = Entry(type_, number, struct.unpack(self._byte_order + link, value)[0])
            entries.setdefault(tag, entry)
        following = self._unpack(link, end)[0] if end + struct.calcsize("=" + link) <= len(self._data) else 0
        return Directory(self._data, self._byte_order, entries), following

    def _unpack(self, code: str, offset: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(self._byte_order + code, self._data, offset)
        except struct.error as error:  # beyond the end
            raise UndecodablePicture from error
