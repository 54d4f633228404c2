"""The items of a HEIF file: pictures, tiles and metadata, from its `meta` box (ISO/IEC 14496-12, 8.11)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from attrs import define, field, frozen

from spike_core.domain.errors import UndecodablePicture
from spike_imaging.heif_boxes import Box, Cursor, boxes_of

ITEMS_MAX: Final = 4096  # a phone's picture of 48 megapixels has 200
PARTS_MAX: Final = 16_384  # associations, references, or extents, per file
_IN_FILE: Final = 0  # construction methods of an item (8.11.3)
_IN_META: Final = 1
_TYPED_INFO: Final = 2  # version since which an item's entry has its type
_MIME: Final = b"mime"  # its entry has a media type after the name
_EXPECTED: Final = frozenset({b"hdlr", b"pitm", b"iinf", b"iref", b"iprp", b"iloc", b"idat"})
_BRANDS: Final = frozenset(
    {
        b"mif1",
        b"mif2",
        b"heic",
        b"heix",
        b"heim",
        b"heis",
        b"miaf",
        b"MiHB",
        b"MiHE",
        b"MiHA",
        b"MiPr",
        b"1pic",
        b"tmap",
    }
)

Span = tuple[int, int, int]  # a range of data: source (the file or `meta`), start, end


@frozen
class Property:
    """A property box of an item, such as its size, color or orientation."""

    kind: bytes
    body: bytes = field(repr=False)
    is_essential: bool


@frozen
class Reference:
    """A reference from an item to others, such as a grid's tiles, or the picture that an alpha belongs to."""

    kind: bytes
    source: int
    targets: tuple[int, ...]


@define
class Item:
    """An item: its four-character type, its properties in order, and the location of its data."""

    kind: bytes = b""
    is_plain: bool = True  # neither protected nor named
    properties: list[Property] = field(factory=list)
    media_type: bytes = b""  # of an item of type `mime`
    extents: list[memoryview] = field(factory=list, repr=False)
    spans: list[Span] = field(factory=list, repr=False)  # of the extents

    @property
    def size_bytes(self) -> int:
        """The length of the data."""
        return sum(map(len, self.extents))

    @property
    def data(self) -> bytes:
        """The concatenated data."""
        return b"".join(self.extents)

    def body_of(self, kind: bytes) -> bytes:
        """Return the body of the first property of this type; empty if there is none."""
        return next((each.body for each in self.properties if each.kind == kind), b"")


@define
class HeifItems:
    """All items of a file, and whether it contains anything else."""

    primary: int = 0
    items: dict[int, Item] = field(factory=dict)
    references: list[Reference] = field(factory=list)
    properties_used: int = 0  # the number of properties that belong to an item
    properties_all: int = 0
    spans: list[Span] = field(factory=list)  # of `mdat` and `idat`, which contain the items' data
    has_more: bool = False  # boxes that a picture doesn't need, unused bytes in boxes, or bytes after the last box

    def are_all(self, numbers: Collection[int]) -> bool:
        """Return whether these items are the complete file: all items, all properties, all bytes of data."""
        own = [span for number in numbers for span in self.item(number).spans]
        return (
            self.items.keys() <= set(numbers)
            and self.properties_used == self.properties_all
            and _merged(own) == _merged(self.spans)
            and not self.has_more
        )

    def item(self, number: int) -> Item:
        """Return an item.

        Raises:
            UndecodablePicture: there is no such item.
        """
        try:
            return self.items[number]
        except KeyError as error:
            raise UndecodablePicture from error

    def targets(self, source: int, kind: bytes) -> tuple[int, ...]:
        """Return the items that an item refers to."""
        return next((each.targets for each in self.references if (each.source, each.kind) == (source, kind)), ())


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, with adjacent ones merged and empty ones omitted."""
    merged: list[Span] = []
    for source, begin, end in sorted(span for span in spans if span[1] < span[2]):
        if merged and merged[-1][0] == source and begin <= merged[-1][2]:
            merged[-1] = (source, merged[-1][1], max(end, merged[-1][2]))
        else:
            merged.append((source, begin, end))
    return merged


def items_of(data: bytes) -> HeifItems:
    """Return the items of a file.

    Raises:
        UndecodablePicture: it has no `meta` box, or a broken one.
    """
    found = HeifItems()
    meta: Box | None = None
    try:
        for each in boxes_of(memoryview(data)):
            if each.kind == b"meta" and meta is None:
                meta = each
            elif each.kind == b"mdat":
                found.spans.append((_IN_FILE, each.begin, each.begin + len(each.body)))
            else:
                found.has_more |= each.kind != b"ftyp" or _has_unknown_brands(each.body)
    except UndecodablePicture:  # bytes after the last complete box don't invalidate what precedes them
        found.has_more = True
    if meta is None:
        raise UndecodablePicture
    cursor = Cursor(meta.body)
    cursor.version()
    boxes: dict[bytes, Cursor] = {}
    for each in boxes_of(cursor.rest):
        found.has_more |= each.kind not in _EXPECTED or each.kind in boxes
        boxes.setdefault(each.kind, Cursor(each.body))
    _read_all(found, boxes, data)
    return found


def _has_unknown_brands(body: memoryview) -> bool:
    """Return whether a file type box has values that a file with a single picture doesn't need."""
    names = {bytes(body[at : at + 4]) for at in (0, *range(8, len(body), 4))}
    return any(body[4:8]) or not names <= _BRANDS


def _read_all(found: HeifItems, boxes: Mapping[bytes, Cursor], data: bytes) -> None:
    readers: Mapping[bytes, Callable[[HeifItems, Cursor], None]] = {
        b"pitm": _read_primary,
        b"iinf": _read_kinds,
        b"iprp": _read_properties,
        b"iref": _read_references,
    }
    for kind, read in readers.items():
        if kind in boxes:
            read(found, boxes[kind])
            found.has_more |= bool(boxes[kind].rest)
    idat = boxes[b"idat"].view if b"idat" in boxes else memoryview(b"")
    found.spans.append((_IN_META, 0, len(idat)))
    if b"hdlr" in boxes:  # version, a reserved number, the handler, three reserved numbers, a name
        found.has_more |= any(boxes[b"hdlr"].view[24:])
    if b"iloc" in boxes:
        _read_places(found, boxes[b"iloc"], {_IN_FILE: memoryview(data), _IN_META: idat})
        found.has_more |= bool(boxes[b"iloc"].rest)


def _read_primary(found: HeifItems, cursor: Cursor) -> None:
    found.primary = cursor.number(4 if cursor.version() else 2)


def _read_kinds(found: HeifItems, cursor: Cursor) -> None:
    count = cursor.number(4 if cursor.version() else 2)
    if count > ITEMS_MAX:
        raise UndecodablePicture
    entries = list(boxes_of(cursor.bytes(len(cursor.rest))))
    found.has_more |= len(entries) != count
    for entry in entries[:count]:
        info = Cursor(entry.body)
        version = info.version()
        if entry.kind != b"infe" or version < _TYPED_INFO:
            found.has_more = True
            continue
        number, protection, kind = info.number(2 if version == _TYPED_INFO else 4), info.number(2), bytes(info.bytes(4))
        texts = bytes(info.rest)
        is_named = texts != b"\0" and kind != _MIME
        found.items[number] = Item(
            kind=kind,
            is_plain=not protection and not is_named,
            media_type=texts.split(b"\0")[1] if kind == _MIME and b"\0" in texts else b"",
        )


def _read_properties(found: HeifItems, cursor: Cursor) -> None:
    container = list(boxes_of(cursor.bytes(len(cursor.rest))))
    if not container or container[0].kind != b"ipco":
        raise UndecodablePicture
    properties = [(each.kind, bytes(each.body)) for each in boxes_of(container[0].body)]
    used: set[int] = set()
    parts_left = PARTS_MAX
    for table in container[1:]:
        if table.kind != b"ipma":
            found.has_more = True
            continue
        entries = Cursor(table.body)
        version = entries.version()
        is_wide = bool(table.body[3] & 1)
        for _ in range(min(entries.number(4), ITEMS_MAX)):
            item = found.items.get(entries.number(4 if version else 2))
            for _ in range(entries.number(1)):
                parts_left -= 1
                which = entries.number(2 if is_wide else 1)
                place, is_essential = which & (0x7FFF if is_wide else 0x7F), bool(which >> (15 if is_wide else 7))
                if parts_left < 0 or place > len(properties):
                    raise UndecodablePicture
                if item is not None and place:
                    used.add(place)
                    item.properties.append(Property(*properties[place - 1], is_essential))
        found.has_more |= bool(entries.rest)
    found.properties_used, found.properties_all = len(used), len(properties)


def _read_references(found: HeifItems, cursor: Cursor) -> None:
    id_bytes = 4 if cursor.version() else 2
    parts_left = PARTS_MAX
    for each in boxes_of(cursor.bytes(len(cursor.rest))):
        ids = Cursor(each.body)
        source, count = ids.number(id_bytes), ids.number(2)
        parts_left -= count + 1
        if parts_left < 0:
            raise UndecodablePicture
        found.references.append(Reference(each.kind, source, tuple(ids.number(id_bytes) for _ in range(count))))
        found.has_more |= bool(ids.rest)


def _read_places(found: HeifItems, cursor: Cursor, sources: Mapping[int, memoryview]) -> None:
    """Read the locations of the items' data (8.11.3)."""
    version = cursor.version()
    sizes, more_sizes = cursor.number(1), cursor.number(1)
    offset_bytes, length_bytes, base_bytes = sizes >> 4, sizes & 15, more_sizes >> 4
    index_bytes = more_sizes & 15 if version else 0
    id_bytes = 4 if version == _TYPED_INFO else 2
    parts_left = PARTS_MAX
    for _ in range(min(cursor.number(id_bytes), ITEMS_MAX)):
        item = found.items.get(cursor.number(id_bytes))
        method = cursor.number(2) & 15 if version else _IN_FILE
        is_elsewhere = bool(cursor.number(2))  # in another file
        base = cursor.number(base_bytes)
        count = cursor.number(2)
        parts_left -= count
        if parts_left < 0:
            raise UndecodablePicture
        for _ in range(count):
            cursor.number(index_bytes)
            begin, length = base + cursor.number(offset_bytes), cursor.number(length_bytes)
            source = sources.get(method)
            if item is not None and not is_elsewhere and source is not None and begin + length <= len(source):
                item.extents.append(source[begin : begin + length])
                item.spans.append((method, begin, begin + length))
            elif item is not None:
                item.kind = b""  # unreachable; a picture that needs it can't be decoded
