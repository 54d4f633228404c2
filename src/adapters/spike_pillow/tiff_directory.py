"""TIFF directories (TIFF 6.0, section 2; BigTIFF): fields are read and written with their values as raw bytes.

EXIF has the structure of TIFF. Pillow decodes its texts as Latin-1 and encodes them as ASCII with question marks, so
this module never decodes them: unchanged bytes remain valid in whatever encoding a reader assumes.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, Literal

from attrs import field, frozen

ASCII, UNDEFINED, UTF_8 = 2, 7, 129  # types of values; UTF-8 since EXIF 3.0
BYTE, SHORT, LONG, RATIONAL, SRATIONAL = 1, 3, 4, 5, 10
RATIONALS: Final = frozenset({RATIONAL, SRATIONAL})
NUMBERS: Final = frozenset({BYTE, SHORT, LONG, RATIONAL, 6, 8, 9, SRATIONAL, 11, 12})  # of classic TIFF
_SIZE_BYTES: Final[Mapping[int, int]] = {
    BYTE: 1,
    ASCII: 1,
    SHORT: 2,
    LONG: 4,
    RATIONAL: 8,
    6: 1,  # SBYTE
    UNDEFINED: 1,
    8: 2,  # SSHORT
    9: 4,  # SLONG
    SRATIONAL: 8,
    11: 4,  # FLOAT
    12: 8,  # DOUBLE
    13: 4,  # IFD
    16: 8,  # LONG8, and two similar ones, only in BigTIFF
    17: 8,
    18: 8,
    UTF_8: 1,
}
SUB_IFDS, EXIF_IFD = 330, 34665
_POINTERS: Final = frozenset({SUB_IFDS, EXIF_IFD})
_POINTERS_BYTES_MAX: Final = 512  # of the values of one of them
_FIELDS_MAX: Final = 4096  # per directory
_ALL_FIELDS_MAX: Final = 1 << 15  # of all directories together
_BYTE_ORDERS: Final[Mapping[bytes, Literal["little", "big"]]] = {b"II": "little", b"MM": "big"}
_CLASSIC, _BIG = 42, 43


class BrokenTiff(ValueError):
    """The bytes don't start as a TIFF, or a directory lies outside of them."""


@frozen
class Field:
    """A field of a directory; `value` is in the file's byte order."""

    tag: int
    type: int
    count: int
    value: bytes = field(repr=False)


@frozen
class Tiff:
    """A TIFF in untrusted bytes. Reading copies only the values of requested fields."""

    data: bytes = field(repr=False)
    byte_order: Literal["little", "big"]
    is_big: bool

    @classmethod
    def of(cls, data: bytes) -> "Tiff":
        """Return the TIFF in the bytes.

        Raises:
            BrokenTiff: they don't start as one.
        """
        byte_order = _BYTE_ORDERS.get(data[:2])
        if byte_order is None:
            raise BrokenTiff
        version = int.from_bytes(data[2:4], byte_order)
        if version not in {_CLASSIC, _BIG}:
            raise BrokenTiff
        return cls(data, byte_order, is_big=version == _BIG)

    def main_directory(self, tags: Collection[int], *, bytes_max: int) -> dict[int, Field]:
        """Return the fields of the first directory that have these tags; see `directory`."""
        return self.directory(self._number(8 if self.is_big else 4), tags, bytes_max=bytes_max)

    def directory(self, offset: int, tags: Collection[int], *, bytes_max: int) -> dict[int, Field]:
        """Return the fields of the directory at `offset` that have these tags, the first of each.

        Fields that can't be read are omitted: of an unknown type, outside of the data, or over `bytes_max`.

        Raises:
            BrokenTiff: there is no directory.
        """
        count_bytes, entry_bytes = (8, 20) if self.is_big else (2, 12)
        if offset <= 0 or offset + count_bytes > len(self.data):
            raise BrokenTiff
        count = int.from_bytes(self.data[offset : offset + count_bytes], self.byte_order)
        first = offset + count_bytes
        found: dict[int, Field] = {}
        for at in range(first, first + min(count, _FIELDS_MAX) * entry_bytes, entry_bytes):
            if at + entry_bytes > len(self.data):
                break
            tag = int.from_bytes(self.data[at : at + 2], self.byte_order)
            if tag in tags and tag not in found:
                value = self._field(tag, at, bytes_max=bytes_max)
                found |= {tag: value} if value.value else {}
        return found

    def all_tags(self) -> tuple[set[int], set[int]]:
        """Return the tags in the directories of pictures, linked or nested, and those in their EXIF.

        Raises:
            BrokenTiff: a directory can't be read, or there are too many.
        """
        pictures: set[int] = set()
        inner: set[int] = set()
        left_fields, seen, offsets = _ALL_FIELDS_MAX, {0}, [self._number(8 if self.is_big else 4)]
        while offsets:
            offset = offsets.pop()
            if offset in seen:
                continue
            seen.add(offset)
            tags, following = self._tags(offset)
            pointers = self.directory(offset, _POINTERS, bytes_max=_POINTERS_BYTES_MAX)
            left_fields -= len(tags)
            if left_fields < 0 or not _POINTERS.intersection(tags) <= pointers.keys():
                raise BrokenTiff
            pictures.update(tags)
            offsets.append(following)
            if SUB_IFDS in pointers:
                offsets += self.numbers(pointers[SUB_IFDS])
            if EXIF_IFD in pointers:
                exif, _ = self._tags(self.numbers(pointers[EXIF_IFD])[0])
                left_fields -= len(exif)
                inner.update(exif)
        return pictures, inner

    def numbers(self, value: Field) -> list[int]:
        """Return a field's value as unsigned integers; two for each rational."""
        size_bytes = 4 if value.type in RATIONALS else _SIZE_BYTES[value.type]
        raw = value.value
        return [int.from_bytes(raw[at : at + size_bytes], self.byte_order) for at in range(0, len(raw), size_bytes)]

    def _tags(self, offset: int) -> tuple[list[int], int]:
        """Return the tags of the directory at `offset`, and the offset of the next one, 0 if there is none."""
        count_bytes, entry_bytes, word_bytes = (8, 20, 8) if self.is_big else (2, 12, 4)
        first = offset + count_bytes
        count = int.from_bytes(self.data[offset:first], self.byte_order)
        end = first + count * entry_bytes
        if not 0 < count <= _FIELDS_MAX or end > len(self.data):
            raise BrokenTiff
        tags = [int.from_bytes(self.data[at : at + 2], self.byte_order) for at in range(first, end, entry_bytes)]
        return tags, int.from_bytes(self.data[end : end + word_bytes], self.byte_order)

    def _field(self, tag: int, at: int, *, bytes_max: int) -> Field:
        """Return the field whose entry is at this offset; without a value if that can't be read."""
        type_ = int.from_bytes(self.data[at + 2 : at + 4], self.byte_order)
        word_bytes = 8 if self.is_big else 4
        count = int.from_bytes(self.data[at + 4 : at + 4 + word_bytes], self.byte_order)
        size_bytes = _SIZE_BYTES.get(type_, 0) * count
        value_at = at + 4 + word_bytes
        if size_bytes > word_bytes:
            value_at = self._number(value_at)
        if size_bytes > bytes_max or value_at + size_bytes > len(self.data):
            return Field(tag, type_, 0, b"")
        return Field(tag, type_, count, self.data[value_at : value_at + size_bytes])

    def _number(self, at: int) -> int:
        return int.from_bytes(self.data[at : at + (8 if self.is_big else 4)], self.byte_order)


def tiff_of(
    main: Iterable[Field], inner: Iterable[Field], *, pointer: int, byte_order: Literal["little", "big"]
) -> bytes:
    """Return a TIFF with a main directory and an inner one, to which the main one's field `pointer` refers.

    Values must be in this byte order and are written unchanged. Without inner fields the inner directory and its
    pointer are omitted.
    """
    head = {"little": b"II*\0", "big": b"MM\0*"}[byte_order] + (8).to_bytes(4, byte_order)
    fields, inner_fields = list(main), list(inner)
    if not inner_fields:
        return head + _directory(fields, offset=8, byte_order=byte_order)
    placeholder = Field(pointer, LONG, 1, bytes(4))
    inner_at = 8 + len(_directory([*fields, placeholder], offset=8, byte_order=byte_order))
    leading = Field(pointer, LONG, 1, inner_at.to_bytes(4, byte_order))
    return (
        head
        + _directory([*fields, leading], offset=8, byte_order=byte_order)
        + _directory(inner_fields, offset=inner_at, byte_order=byte_order)
    )


def _directory(fields: list[Field], *, offset: int, byte_order: Literal["little", "big"]) -> bytes:
    """Return a directory without a successor, and the values that don't fit in it, each at an even offset."""
    entries, values = bytearray(len(fields).to_bytes(2, byte_order)), bytearray()
    values_at = offset + 2 + 12 * len(fields) + 4
    for each in sorted(fields, key=lambda one: one.tag):
        entries += each.tag.to_bytes(2, byte_order) + each.type.to_bytes(2, byte_order)
        entries += each.count.to_bytes(4, byte_order)
        if len(each.value) <= 4:  # noqa: PLR2004  # stored in the entry itself
            entries += each.value.ljust(4, b"\0")
        else:
            entries += (values_at + len(values)).to_bytes(4, byte_order)
            values += each.value + bytes(len(each.value) % 2)
    return bytes(entries + bytes(4) + values)
