"""The primary picture of a HEIF file, copied to a file of its own (ISO/IEC 23008-12; MIAF: ISO/IEC 23000-22).

A phone stores more than the picture: thumbnails, depth and gain maps, metadata. The items of the primary picture are
assembled under new numbers: its tiles, its alpha, and the properties needed to show them. So neither a decoder nor a
recipient of a public copy gets anything else; the coded pixels are copied bit for bit.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import define, field, frozen

from spike_core.domain.errors import TooManyPixels, UndecodablePicture, UnsupportedPicture
from spike_imaging.heif_boxes import Cursor, box, full_box
from spike_imaging.heif_items import HeifItems, Item, Property, items_of
from spike_imaging.hevc import UNITS_MAX, configuration_of, stream_of
from spike_imaging.limits import allowed_pixels, check_pixels

PARTS_MAX: Final = 1000  # items of the picture; libheif accepts no more either
_EXPORT: Final = "Export it as JPEG"
_CODED_SHARE_MAX: Final = 2  # maximum ratio of coded to shown pixels: tiles and blocks extend beyond the edges
_PROPERTY_BYTES_MAX: Final = 1 << 16  # except for a profile; items that share one must not multiply it
_NAME_BYTES_MAX: Final = 255  # of a kind of auxiliary picture
_EXIF_BYTES_MAX: Final = 1 << 22  # a camera's maker notes may take several hundred thousand
_XMP_BYTES_MAX: Final = 1 << 22
_XMP_MEDIA_TYPE: Final = b"application/rdf+xml"  # ISO/IEC 23008-12, A.3
_SLACK_BYTES: Final = 1 << 20  # items may share some data, but a small file must not become a huge one
_CODED: Final = b"hvc1"
_GRID: Final = b"grid"
_SAME: Final = b"iden"  # another item, rotated or cropped
_MADE: Final = frozenset({_GRID, _SAME})
_OTHER_CODECS: Final = {
    b"av01": "AV1",
    b"avc1": "H.264",
    b"vvc1": "H.266",
    b"jpeg": "JPEG",
    b"j2k1": "JPEG 2000",
    b"unci": "uncompressed",
}
_ALPHA: Final = frozenset({b"urn:mpeg:hevc:2015:auxid:1", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"})
_COLOR_PROFILES: Final = frozenset({b"nclx", b"prof", b"rICC"})
_KEPT: Final = frozenset({b"ispe", b"hvcC", b"colr", b"irot", b"imir", b"clap", b"pixi", b"auxC", b"clli", b"mdcv"})
_IGNORED: Final = frozenset({b"pasp", b"rloc", b"udes", b"altt", b"crtt", b"mdft", b"amve", b"reve", b"ndwt", b"cclv"})
_BODY_BYTES: Final = {b"ispe": 12, b"irot": 1, b"imir": 1, b"clap": 32, b"clli": 4, b"mdcv": 24}
_NCLX_BYTES: Final = 11
_BRANDS: Final = (b"mif1", b"heic", b"heix")  # HEVC's main and main 10 profile, and any


@frozen
class Primary:
    """A HEIF file's primary picture."""

    data: bytes = field(repr=False)  # a file with nothing else
    items: HeifItems = field(repr=False)  # of the whole file
    kept: frozenset[int]  # the numbers of the items that the picture consists of
    is_bare: bool  # everything in these items is needed to show the picture

    @property
    def exif(self) -> bytes:
        """The EXIF block; empty if there is none."""
        return next((_framed(self.items.item(number).data)[1] for number in self._exif_items), b"")

    @property
    def xmp(self) -> bytes:
        """The XMP packet that describes the primary picture; empty if there is none."""
        packets = (
            item.data
            for number, item in self.items.items.items()
            if item.media_type == _XMP_MEDIA_TYPE
            and item.is_plain
            and item.size_bytes <= _XMP_BYTES_MAX
            and self.items.primary in self.items.targets(number, b"cdsc")
        )
        return next(packets, b"")

    @property
    def has_no_more_than_exif(self) -> bool:
        """Whether the file contains only the primary picture and at most one EXIF block, to the last byte."""
        blocks = self._exif_items
        return (
            self.is_bare
            and len(blocks) <= 1
            and all(_framed(self.items.item(number).data)[0] for number in blocks)
            and self.items.are_all(self.kept | frozenset(blocks))
        )

    @property
    def _exif_items(self) -> list[int]:
        return [
            number
            for number, item in self.items.items.items()
            if item.kind == b"Exif" and item.is_plain and not item.properties and item.size_bytes <= _EXIF_BYTES_MAX
        ]


@define
class _Part:
    """An item to be written."""

    kind: bytes
    data: bytes = field(repr=False)
    properties: list[tuple[Property, bytes]] = field(repr=False)
    made_of: list[int] = field(factory=list)  # positions in the list of parts, from 1


@define
class _Assembly:
    """Parts collected from a file's items."""

    items: HeifItems
    parts: list[_Part] = field(factory=list)
    numbers: dict[int, int] = field(factory=dict)  # new numbers by item
    is_bare: bool = True
    data_bytes_left: int = 0
    coded_pixels_left: int = 0
    units_left: int = UNITS_MAX

    def add(self, number: int, *, may_be: frozenset[bytes]) -> int:
        """Add an item and the items that it consists of; return its new number."""
        if number in self.numbers:
            return self.numbers[number]
        item = self.items.item(number)
        if item.kind not in may_be:
            raise _refusal(item)
        if not item.is_plain:
            self.is_bare = False
        self.data_bytes_left -= item.size_bytes
        if len(self.parts) == PARTS_MAX or self.data_bytes_left < 0:
            raise UndecodablePicture
        part = _Part(item.kind, b"", list(self._properties(item)))
        self.parts.append(part)
        self.numbers[number] = len(self.parts)
        if item.kind == _CODED:
            self._read_coded(item, part)
        else:
            self._read_made(number, item, part)
        return self.numbers[number]

    def _properties(self, item: Item) -> Iterator[tuple[Property, bytes]]:
        for each in item.properties:
            if each.kind not in _KEPT:
                if each.is_essential and each.kind not in _IGNORED:
                    raise UnsupportedPicture(name="This kind of HEIC", advice=_EXPORT)
                self.is_bare = False
            elif each.kind == b"colr":
                body = each.body[:_NCLX_BYTES] if each.body[:4] == b"nclx" else each.body
                self.is_bare &= len(body) == len(each.body)
                if body[:4] in _COLOR_PROFILES:
                    yield each, body
                else:
                    self.is_bare = False
            elif len(each.body) > _PROPERTY_BYTES_MAX:
                raise UndecodablePicture
            elif each.kind == b"auxC":
                name = each.body[4:].partition(b"\0")[0]
                if len(name) > _NAME_BYTES_MAX:
                    raise UndecodablePicture
                self.is_bare &= len(each.body) <= 4 + len(name) + 1
                yield each, bytes(4) + name + b"\0"
            else:
                body = each.body[: _length_of(each)]
                self.is_bare &= len(body) == len(each.body)
                yield each, body

    def _read_coded(self, item: Item, part: _Part) -> None:
        configuration = configuration_of(item.body_of(b"hvcC"))
        stream = stream_of(item.data, length_bytes=configuration.length_bytes, units_max=self.units_left)
        self.units_left -= stream.units
        self.coded_pixels_left -= max(configuration.pixels, stream.pixels)
        if self.coded_pixels_left < 0:
            most = allowed_pixels()
            raise TooManyPixels(pixels=_CODED_SHARE_MAX * most - self.coded_pixels_left, pixels_max=most)
        self.is_bare &= stream.is_bare and configuration.record == item.body_of(b"hvcC")
        part.data = stream.data
        part.properties = [
            (each, configuration.record if each.kind == b"hvcC" else body) for each, body in part.properties
        ]

    def _read_made(self, number: int, item: Item, part: _Part) -> None:
        sources = self.items.targets(number, b"dimg")
        if item.kind == _GRID:
            grid = _Grid.of(item.data)
            check_pixels(grid.width_px * grid.height_px)
            if len(sources) != grid.tiles:
                raise UndecodablePicture
            self.is_bare &= grid.size_bytes == item.size_bytes
            part.data = item.data[: grid.size_bytes]
        elif len(sources) != 1:
            raise UndecodablePicture
        else:
            self.is_bare &= not item.size_bytes
        may_be = frozenset({_CODED}) if item.kind == _GRID else frozenset({_CODED, _GRID})
        part.made_of.extend(self.add(source, may_be=may_be) for source in sources)


def primary_of(data: bytes) -> Primary:
    """Return the primary picture of a HEIF file, without thumbnails, other pictures and metadata.

    Sizes and the amount of coded pixels are checked in boxes and streams; nothing is decoded.

    Raises:
        UnsupportedPicture: it isn't coded as HEVC, or needs an unknown property.
        TooManyPixels: it declares more than the context allows, or its items together far more than that.
        UndecodablePicture: it is broken.
    """
    items = items_of(data)
    whole = _Assembly(items, data_bytes_left=len(data) + _SLACK_BYTES)
    whole.coded_pixels_left = _CODED_SHARE_MAX * allowed_pixels()
    main = whole.add(items.primary, may_be=_MADE | {_CODED})
    for each in items.item(items.primary).properties:
        if each.kind == b"ispe":
            check_pixels(int.from_bytes(each.body[4:8]) * int.from_bytes(each.body[8:12]))
    whole.coded_pixels_left = _CODED_SHARE_MAX * allowed_pixels()
    references: list[bytes] = []
    shown = dict(whole.numbers)
    for reference in items.references:
        if reference.kind != b"auxl" or not _is_alpha(items.items.get(reference.source)):
            continue
        for target in reference.targets:
            if (number := shown.pop(target, None)) is not None:
                own = whole.add(reference.source, may_be=frozenset({_CODED, _GRID}))
                references.append(_reference(b"auxl", own, [number]))
                if reference.source in items.targets(target, b"prem"):
                    references.append(_reference(b"prem", number, [own]))
    references.extend(
        _reference(b"dimg", number, part.made_of) for number, part in enumerate(whole.parts, 1) if part.made_of
    )
    return Primary(_file_of(whole.parts, main, references), items, frozenset(whole.numbers), whole.is_bare)


def _framed(data: bytes) -> tuple[bool, bytes]:
    """Return an `Exif` item's block (ISO/IEC 23008-12, A.2.1), and whether only the usual prefix precedes it."""
    begin = 4 + int.from_bytes(data[:4])
    return data[4:begin] in {b"", b"Exif\0\0"}, data[begin:].removeprefix(b"Exif\0\0")


@frozen
class _Grid:
    """A grid's description (ISO/IEC 23008-12, 6.6.2.3)."""

    tiles: int
    width_px: int
    height_px: int
    size_bytes: int

    @classmethod
    def of(cls, data: bytes) -> "_Grid":
        cursor = Cursor(memoryview(data))
        cursor.number(1)
        size_bytes = 4 if cursor.number(1) & 1 else 2
        tiles = (cursor.number(1) + 1) * (cursor.number(1) + 1)
        return cls(tiles, cursor.number(size_bytes), cursor.number(size_bytes), 4 + 2 * size_bytes)


def _length_of(each: Property) -> int:
    """Return the length of a property's body without trailing bytes."""
    if each.kind == b"pixi":  # version and flags, the number of channels, the bits of each
        return 5 + sum(each.body[4:5])
    return _BODY_BYTES.get(each.kind, _PROPERTY_BYTES_MAX)


def _is_alpha(item: Item | None) -> bool:
    return item is not None and item.body_of(b"auxC")[4:_PROPERTY_BYTES_MAX].partition(b"\0")[0] in _ALPHA


def _refusal(item: Item) -> UnsupportedPicture | UndecodablePicture:
    codec = _OTHER_CODECS.get(item.kind)
    if codec is not None:
        return UnsupportedPicture(name=f"HEIF coded as {codec}", advice=_EXPORT)
    return UnsupportedPicture(name="This kind of HEIC", advice=_EXPORT) if item.kind else UndecodablePicture()


def _reference(kind: bytes, source: int, targets: Sequence[int]) -> bytes:
    numbers = b"".join(number.to_bytes(2) for number in targets)
    return box(kind, source.to_bytes(2), len(targets).to_bytes(2), numbers)


def _file_of(parts: Sequence[_Part], main: int, references: Sequence[bytes]) -> bytes:
    """Return a file of these parts, numbered from 1."""
    begin = box(b"ftyp", _BRANDS[0], bytes(4), *_BRANDS)
    length = len(begin) + len(_meta(parts, main, references, at=0)) + 8
    media = [part.data for part in parts if part.kind == _CODED]
    return b"".join([begin, _meta(parts, main, references, at=length), box(b"mdat", *media)])


def _meta(parts: Sequence[_Part], main: int, references: Sequence[bytes], *, at: int) -> bytes:
    """Return the `meta` box; `at` is the offset of the coded data in the file."""
    infos = [
        full_box(b"infe", number.to_bytes(2), bytes(2), part.kind, b"\0", version=2, flags=int(number != main))
        for number, part in enumerate(parts, 1)
    ]
    described = b"".join(part.data for part in parts if part.kind != _CODED)
    contents = [
        full_box(b"hdlr", bytes(4), b"pict", bytes(12), b"\0"),
        full_box(b"pitm", main.to_bytes(2)),
        full_box(b"iinf", len(parts).to_bytes(2), *infos),
        full_box(b"iref", *references) if references else b"",
        _properties(parts),
        _places(parts, at=at),
        box(b"idat", described) if described else b"",
    ]
    return full_box(b"meta", *contents)


def _properties(parts: Sequence[_Part]) -> bytes:
    places: dict[tuple[bytes, bytes], int] = {}
    entries: list[bytes] = []
    for number, part in enumerate(parts, 1):
        which = [
            places.setdefault((each.kind, body), len(places) + 1) | each.is_essential << 15
            for each, body in part.properties
        ]
        entries.append(number.to_bytes(2) + bytes([len(which)]) + b"".join(each.to_bytes(2) for each in which))
    table = full_box(b"ipma", len(entries).to_bytes(4), *entries, flags=1)
    return box(b"iprp", box(b"ipco", *(box(kind, body) for kind, body in places)), table)


def _places(parts: Sequence[_Part], *, at: int) -> bytes:
    entries: list[bytes] = []
    within = 0
    for number, part in enumerate(parts, 1):
        is_coded = part.kind == _CODED
        begin = at if is_coded else within
        if is_coded:
            at += len(part.data)
        else:
            within += len(part.data)
        extent = begin.to_bytes(4) + len(part.data).to_bytes(4) if part.data else b""
        count = int(bool(part.data))
        entries.append(number.to_bytes(2) + int(not is_coded).to_bytes(2) + bytes(2) + count.to_bytes(2) + extent)
    return full_box(b"iloc", bytes([0x44, 0]), len(parts).to_bytes(2), *entries, version=1)
