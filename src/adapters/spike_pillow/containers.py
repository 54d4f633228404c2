"""Container formats: picture files split into the parts needed to show them and other parts, without decoding."""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Final

from attrs import field, frozen

from spike_core.domain.objects import PictureFormat

PARTS_MAX: Final = 20_000  # per file; 10 MB of PNG have some thousand


class Kind(Enum):
    """The purpose of a part."""

    PICTURE = "picture"
    EXIF = "EXIF"
    NOTE = "note"  # a short text of a kind that programs write by default
    XMP = "XMP"
    PHOTOSHOP = "Photoshop"  # resource blocks, one of which may be IPTC
    TEXT = "text"  # of a PNG, compressed or in UTF-8
    OTHER = "other"


@frozen
class Part:
    """A byte range of a file; `content` is its payload without framing."""

    kind: Kind
    raw: bytes | memoryview = field(repr=False)  # as in the file
    content: bytes = field(repr=False, default=b"")  # empty for pictures and others


class BrokenContainer(ValueError):
    """The file violates its format, so the purpose of its bytes is unknown."""


def parts_of(data: bytes, format_: PictureFormat) -> Iterator[Part]:
    """Yield all parts of a file in order; concatenated, they are the file.

    Raises:
        BrokenContainer: the file violates its format, has more than `PARTS_MAX` parts, or its format isn't in
            `SEPARABLE`.
    """
    if format_ not in SEPARABLE:
        raise BrokenContainer
    try:
        for count, part in enumerate(_SPLITTERS[format_](data)):
            if count == PARTS_MAX:
                raise BrokenContainer
            yield part
    except (IndexError, OverflowError) as error:
        raise BrokenContainer from error


# JPEG (ITU T.81, annex B): FF, a code, and for most codes a length, which includes itself

_MARKS: Final = re.compile(rb"\xff+")  # fill bytes and the marker's own
_EOI, _SOS, _COM = 0xD9, 0xDA, 0xFE
_APP0, _APP1, _APP2, _APP13, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF
_LENGTH_BYTES: Final = 2
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # TEM and restart markers have no length
# within a scan, FF is followed by 0 if it is data, or by the code of a bare marker
_SCAN_END: Final = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
_WITHIN_SCANS: Final = _BARE | {0x00, 0xFF}
_FINDS_MAX: Final = 100_000  # of FF: if it is rare, as in photographs, `find` is five times as fast as the pattern
_EXIF: Final = b"Exif\0\0"
JPEG_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_METADATA: Final[Mapping[tuple[int, bytes], Kind]] = {
    (_APP1, _EXIF): Kind.EXIF,
    (_APP1, JPEG_XMP): Kind.XMP,
    (_APP13, b"Photoshop 3.0\0"): Kind.PHOTOSHOP,
}
_JFIF_BYTES: Final = 14  # without a thumbnail
_ADOBE_BYTES: Final = 12


def _jpeg_parts(data: bytes) -> Iterator[Part]:
    view = memoryview(data)
    if data[:2] != b"\xff\xd8":
        raise BrokenContainer
    yield Part(Kind.PICTURE, view[:2])
    at = 2
    while True:
        start = at
        marks = _MARKS.match(data, at)
        if marks is None:
            raise BrokenContainer
        at = marks.end()
        code = data[at]
        at += 1
        if code == _EOI:
            yield Part(Kind.PICTURE, view[start:at])
            break
        if code in _BARE:
            yield Part(Kind.PICTURE, view[start:at])
            continue
        length = int.from_bytes(data[at : at + 2])
        if length < _LENGTH_BYTES or at + length > len(data):
            raise BrokenContainer
        body = view[at + 2 : at + length]
        at += length
        if code == _SOS:
            at = _end_of_scan(data, at)
        yield _jpeg_part(code, view[start:at], bytes(body) if _APP0 <= code <= _APP15 else b"")
    if at < len(data):
        yield Part(Kind.OTHER, view[at:])


def _end_of_scan(data: bytes, at: int) -> int:
    """Return the offset of the next marker that isn't part of a scan's coded data."""
    for _ in range(_FINDS_MAX):
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 == len(data):
            raise BrokenContainer
        if data[at + 1] not in _WITHIN_SCANS:
            return at
        at += 1
    marker = _SCAN_END.search(data, at)
    if marker is None:
        raise BrokenContainer
    return marker.start()


def _jpeg_part(code: int, raw: memoryview, body: bytes) -> Part:
    if code == _COM:
        return Part(Kind.OTHER, raw)
    if not _APP0 <= code <= _APP15:
        return Part(Kind.PICTURE, raw)
    is_needed = (
        (code == _APP0 and body.startswith(b"JFIF\0") and len(body) == _JFIF_BYTES)
        or (code == _APP2 and body.startswith(b"ICC_PROFILE\0"))
        or (code == _APP14 and body.startswith(b"Adobe") and len(body) == _ADOBE_BYTES)
    )
    if is_needed:
        return Part(Kind.PICTURE, raw)
    for (metadata_code, identifier), kind in _JPEG_METADATA.items():
        if code == metadata_code and body.startswith(identifier):
            return Part(kind, raw, body[len(identifier) :])
    return Part(Kind.OTHER, raw)


# PNG (third edition, 5.3): length, name, content, checksum

_PNG_NAME_BYTES: Final = 4
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_NEEDED: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"bKGD"}
    | {b"pHYs", b"mDCV", b"cLLI"}
)
_PNG_METADATA: Final[Mapping[bytes, Kind]] = {
    b"eXIf": Kind.EXIF,
    b"tEXt": Kind.NOTE,
    b"tIME": Kind.NOTE,
    b"zTXt": Kind.TEXT,
    b"iTXt": Kind.TEXT,
}
PNG_XMP: Final = b"XML:com.adobe.xmp\0\0\0\0\0"  # uncompressed, without a language
_METADATA_BYTES_MAX: Final = 1 << 20  # of a chunk that is read


def _png_parts(data: bytes) -> Iterator[Part]:
    view = memoryview(data)
    if data[:8] != _PNG_SIGNATURE:
        raise BrokenContainer
    yield Part(Kind.PICTURE, view[:8])
    at, name = 8, b""
    while name != b"IEND":
        length, name = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 12 + length
        if len(name) < _PNG_NAME_BYTES or end > len(data):
            raise BrokenContainer
        yield _png_part(name, view[at:end])
        at = end
    if at < len(data):
        yield Part(Kind.OTHER, view[at:])


def _png_part(name: bytes, raw: memoryview) -> Part:
    if name in _PNG_NEEDED:
        return Part(Kind.PICTURE, raw)
    if name not in _PNG_METADATA or len(raw) > _METADATA_BYTES_MAX:
        return Part(Kind.OTHER, raw)
    body = bytes(raw[8:-4])
    if name == b"iTXt" and body.startswith(PNG_XMP):
        return Part(Kind.XMP, raw, body.removeprefix(PNG_XMP))
    return Part(_PNG_METADATA[name], raw, body if name != b"tIME" else b"")


# WebP (RFC 9649): chunks within RIFF, each padded to an even length

_WEBP_NEEDED: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"})
_WEBP_METADATA: Final[Mapping[bytes, Kind]] = {b"EXIF": Kind.EXIF, b"XMP ": Kind.XMP}


def _webp_parts(data: bytes) -> Iterator[Part]:
    view = memoryview(data)
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise BrokenContainer
    yield Part(Kind.PICTURE, view[:12])
    at, end_of_all = 12, 8 + int.from_bytes(data[4:8], "little")
    while at + 8 <= min(end_of_all, len(data)):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        if at + 8 + length > len(data):
            raise BrokenContainer
        kind = Kind.PICTURE if name in _WEBP_NEEDED else _WEBP_METADATA.get(name, Kind.OTHER)
        content = data[at + 8 : at + 8 + length].removeprefix(_EXIF) if name in _WEBP_METADATA else b""
        yield Part(kind, view[at:end], content)
        at = min(end, len(data))
    if at < len(data):
        yield Part(Kind.OTHER, view[at:])


# GIF89a (sections 15 to 27): a header, a palette, and blocks of sub-blocks

_EXTENSION, _IMAGE, _TRAILER, _CONTROL = 0x21, 0x2C, 0x3B, 0xF9
# a packet is stored without sub-blocks; a trailer leads to its end, whichever byte a reader takes for a length
# (ISO 16684-3, GIF)
_GIF_XMP: Final = b"\x21\xff\x0bXMP DataXMP"
_GIF_XMP_END: Final = b"\x01" + bytes(range(0xFF, -1, -1)) + b"\0"


def _gif_parts(data: bytes) -> Iterator[Part]:
    view = memoryview(data)
    at = 13 + _palette_bytes(data[10])
    yield Part(Kind.PICTURE, view[:at])
    while data[at] != _TRAILER:
        start = at
        if data.startswith(_GIF_XMP, at):
            kind = Kind.XMP
            at = _after_sub_blocks(data, at + len(_GIF_XMP))
        elif data[at] == _EXTENSION:
            kind = Kind.PICTURE if data[at + 1] == _CONTROL else Kind.OTHER
            at = _after_sub_blocks(data, at + 2)
        elif data[at] == _IMAGE:
            kind = Kind.PICTURE
            at = _after_sub_blocks(data, at + 11 + _palette_bytes(data[at + 9]))
        else:
            raise BrokenContainer
        packet = bytes(view[start + len(_GIF_XMP) : at]).removesuffix(_GIF_XMP_END) if kind is Kind.XMP else b""
        yield Part(kind, view[start:at], packet)
    yield Part(Kind.PICTURE, view[at : at + 1])
    if at + 1 < len(data):
        yield Part(Kind.OTHER, view[at + 1 :])


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_sub_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


_SPLITTERS: Final[Mapping[PictureFormat, Callable[[bytes], Iterator[Part]]]] = {
    PictureFormat.JPEG: _jpeg_parts,
    PictureFormat.PNG: _png_parts,
    PictureFormat.WEBP: _webp_parts,
    PictureFormat.GIF: _gif_parts,
}
SEPARABLE: Final = frozenset(_SPLITTERS)
