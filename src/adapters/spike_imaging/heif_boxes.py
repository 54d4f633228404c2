"""Boxes of the ISO base media file format (ISO/IEC 14496-12, 4.2), read from untrusted bytes and written."""

from collections.abc import Iterator
from typing import Final

from attrs import define, field, frozen

from spike_core.domain.errors import UndecodablePicture

BOXES_MAX: Final = 4096  # in one box; the properties of a thousand tiles have far fewer
_LARGE_SIZE: Final = 1  # instead of a size: 64 bits of it follow
_TO_THE_END: Final = 0  # instead of a size: the last box of a file


@frozen
class Box:
    """A box: its four-character type, and its content without the header."""

    kind: bytes
    body: memoryview = field(repr=False)
    begin: int  # the content's offset in what it was read from


@define
class Cursor:
    """Sequential reader of big-endian numbers and bytes in a box."""

    view: memoryview
    at: int = 0

    def bytes(self, count: int) -> memoryview:
        """Return the next bytes.

        Raises:
            UndecodablePicture: there are fewer.
        """
        end = self.at + count
        if end > len(self.view):
            raise UndecodablePicture
        taken, self.at = self.view[self.at : end], end
        return taken

    def number(self, size_bytes: int) -> int:
        """Return the next unsigned number; 0 if it has no bytes."""
        return int.from_bytes(self.bytes(size_bytes))

    def version(self) -> int:
        """Return the version of a full box (4.2.2), and skip its flags."""
        version = self.number(1)
        self.bytes(3)
        return version

    @property
    def rest(self) -> memoryview:
        """The remaining bytes."""
        return self.view[self.at :]


def boxes_of(view: memoryview) -> Iterator[Box]:
    """Yield consecutive boxes.

    Raises:
        UndecodablePicture: one exceeds the data, or there are more than `BOXES_MAX`.
    """
    cursor = Cursor(view)
    for _ in range(BOXES_MAX):
        if not cursor.rest:
            return
        begin = cursor.at
        size, kind = cursor.number(4), bytes(cursor.bytes(4))
        if size == _LARGE_SIZE:
            size = cursor.number(8)
        elif size == _TO_THE_END:
            size = len(view) - begin
        length = size - (cursor.at - begin)
        if length < 0:
            raise UndecodablePicture
        start = cursor.at
        yield Box(kind, cursor.bytes(length), start)
    raise UndecodablePicture


def box(kind: bytes, *contents: bytes) -> bytes:
    """Return a box of this type."""
    return (8 + sum(map(len, contents))).to_bytes(4) + kind + b"".join(contents)


def full_box(kind: bytes, *contents: bytes, version: int = 0, flags: int = 0) -> bytes:
    """Return a box with a version and flags."""
    return box(kind, bytes([version]) + flags.to_bytes(3), *contents)
