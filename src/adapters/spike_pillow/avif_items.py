"""EXIF and XMP in an AVIF, without encoding its pixels anew (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12, A.2.1).

The `meta` box lists items, and where in the file their data are. Items for EXIF and XMP take the place of those that
are there, their data follow at the end of the file, and the offsets of all others move by as much as the lists grow.
"""

from collections.abc import Sequence
from typing import Final

from attrs import define, frozen

from spike_core.domain.errors import UndecodablePicture
from spike_imaging.heif_boxes import Box, Cursor, box, boxes_of, full_box
from spike_pillow.containers import BrokenContainer

_NUMBERS_OF_FOUR_BYTES: Final = 0x4400  # the widths of offsets, lengths, and base offsets, of which there are none
_ENTRY_VERSION: Final = 2  # since which an item's entry has its type
_EXIF, _XMP = b"Exif", b"mime"
_METADATA: Final = frozenset({_EXIF, _XMP})
_EXIF_ENTRY: Final = b"Exif\0"
_XMP_ENTRY: Final = b"XMP\0application/rdf+xml\0"
_NO_HEADER: Final = bytes(4)  # the number of bytes between itself and the EXIF's TIFF header
_BOX_HEADER_BYTES: Final = 8


@frozen
class _Item:
    entry: bytes  # the whole box of its entry
    extents: Sequence[tuple[int, int]]  # offsets in the file, and lengths
    references: Sequence[bytes]  # boxes


@define
class _Items:
    """The items of a file, by their numbers."""

    primary: int
    items: dict[int, _Item]

    def add(self, kind: bytes, entry: bytes, extent: tuple[int, int]) -> None:
        """Add an item that describes the primary one."""
        number = max(self.items) + 1
        self.items[number] = _Item(
            full_box(b"infe", number.to_bytes(2), bytes(2), kind, entry, version=_ENTRY_VERSION),
            [extent],
            [box(b"cdsc", number.to_bytes(2), (1).to_bytes(2), self.primary.to_bytes(2))],
        )

    def boxes(self, *, moved_bytes: int, before: int) -> Sequence[bytes]:
        """Return the boxes that list the items; data at `before` and behind it have moved."""
        count = len(self.items).to_bytes(2)
        places = [
            b"".join(
                (
                    number.to_bytes(2) + bytes(2) + len(item.extents).to_bytes(2),
                    *(
                        (at + moved_bytes * (at >= before)).to_bytes(4) + length.to_bytes(4)
                        for at, length in item.extents
                    ),
                )
            )
            for number, item in self.items.items()
        ]
        references = [each for item in self.items.values() for each in item.references]
        return [
            full_box(b"iloc", _NUMBERS_OF_FOUR_BYTES.to_bytes(2), count, *places),
            full_box(b"iinf", count, *(item.entry for item in self.items.values())),
            *([full_box(b"iref", *references)] if references else []),
        ]


def with_items(picture: bytes, *, exif: bytes, xmp: bytes) -> bytes:
    """Return an AVIF with this metadata, each of which may be empty, in place of its own.

    Raises:
        BrokenContainer: it is malformed, or its lists have another form than Spike's encoder writes.
    """
    added = [(_EXIF, _EXIF_ENTRY, _NO_HEADER + exif), (_XMP, _XMP_ENTRY, xmp)]
    try:
        return _with_items(picture, [each for each, content in zip(added, (exif, xmp), strict=True) if content])
    except (UndecodablePicture, KeyError, ValueError, OverflowError) as error:
        raise BrokenContainer from error


def _with_items(picture: bytes, added: Sequence[tuple[bytes, bytes, bytes]]) -> bytes:
    view = memoryview(picture)
    (meta,) = (each for each in boxes_of(view) if each.kind == b"meta")
    begin, end = meta.begin - _BOX_HEADER_BYTES, meta.begin + len(meta.body)
    cursor = Cursor(meta.body)
    cursor.version()
    children = {each.kind: each for each in boxes_of(cursor.rest)}
    items = _items_of(children)
    at = len(picture) + _BOX_HEADER_BYTES
    for kind, entry, content in added:
        items.add(kind, entry, (at, len(content)))
        at += len(content)
    others = [box(kind, bytes(each.body)) for kind, each in children.items() if kind not in {b"iloc", b"iinf", b"iref"}]

    def listed(moved_bytes: int) -> bytes:
        return full_box(b"meta", *others, *items.boxes(moved_bytes=moved_bytes, before=end))

    moved_bytes = len(listed(0)) - (end - begin)
    data = box(b"mdat", *(content for _, _, content in added))
    return b"".join((view[:begin], listed(moved_bytes), view[end:], data))


def _items_of(children: dict[bytes, Box]) -> _Items:
    """Return the items of a picture without those of its metadata.

    Raises:
        KeyError, ValueError, UndecodablePicture: a list is missing, has another form or is malformed.
    """
    primary = _opened(children[b"pitm"]).number(2)
    entries, places, references = _entries(children[b"iinf"]), _places(children[b"iloc"]), _references(children)
    items = {
        number: _Item(entry, places[number], references.get(number, ()))
        for number, (kind, entry) in entries.items()
        if kind not in _METADATA
    }
    return _Items(primary, items)


def _opened(full: Box, *, version: int = 0) -> Cursor:
    cursor = Cursor(full.body)
    if cursor.version() != version:
        raise ValueError(full.kind)
    return cursor


def _entries(iinf: Box) -> dict[int, tuple[bytes, bytes]]:
    """Return the type and the box of each item's entry."""
    cursor = _opened(iinf)
    cursor.number(2)
    found = {}
    for each in boxes_of(cursor.rest):
        entry = _opened(each, version=_ENTRY_VERSION)
        number = entry.number(2)
        entry.number(2)
        found[number] = (bytes(entry.bytes(4)), box(each.kind, bytes(each.body)))
    return found


def _places(iloc: Box) -> dict[int, Sequence[tuple[int, int]]]:
    """Return the offsets and lengths of each item's data."""
    cursor = _opened(iloc)
    if cursor.number(2) != _NUMBERS_OF_FOUR_BYTES:
        raise ValueError(iloc.kind)
    found: dict[int, Sequence[tuple[int, int]]] = {}
    for _ in range(cursor.number(2)):
        number, source = cursor.number(2), cursor.number(2)
        if source:  # another file
            raise ValueError(iloc.kind)
        found[number] = [(cursor.number(4), cursor.number(4)) for _ in range(cursor.number(2))]
    return found


def _references(children: dict[bytes, Box]) -> dict[int, list[bytes]]:
    """Return the boxes of the references by the item that refers."""
    found: dict[int, list[bytes]] = {}
    if b"iref" in children:
        for each in boxes_of(_opened(children[b"iref"]).rest):
            found.setdefault(int.from_bytes(each.body[:2]), []).append(box(each.kind, bytes(each.body)))
    return found
