"""Parts: a picture file taken apart into what it takes to show it and what is beside that, without decoding."""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Final

from attrs import field, frozen

from spike_core.domain.objects import PictureFormat

PARTS_MAX: Final = 20_000  # of a file; 10 MB of PNG have some thousand


class Kind(Enum):
    """What a part is for."""

    PICTURE = "picture"
    EXIF = "EXIF"
    NOTE = "note"  # a short text of a kind that programs write
    OTHER = "other"


@frozen
class Part:
    """A stretch of a file; `content` is what it says, without the container's frame."""

    kind: Kind
    raw: bytes | memoryview = field(repr=False)  # as it stands in the file
    content: bytes = field(repr=False, default=b"")  # of EXIF and notes


class BrokenContainer(ValueError):
    """The file isn't built as its format says, so nobody can say what its bytes are for."""


def parts_of(data: bytes, format_: PictureFormat) -> Iterator[Part]:
    """Yield all parts of a file, in order: put together, they are the file.

    Raises:
        BrokenContainer: it can't be taken apart: it isn't as its format says, has more than `PARTS_MAX`
            parts, or its format isn't among `SEPARABLE`.
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


# JPEG (ITU T.81, annex B): FF, a code, and for most codes a length that counts itself

_MARK, _EOI, _SOS, _APP0, _APP1, _APP2, _APP14, _APP15, _COM = 0xFF, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_LENGTH_BYTES: Final = 2
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # TEM and restarts have no length
# within a scan stand FF that is data, with 0 behind it, and the bare codes
_BEHIND_SCANS: Final = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
_WITHIN_SCANS: Final = _BARE | {0x00, 0xFF}
_FINDS_MAX: Final = 100_000  # of FF: as rare as in photographs, they are found five times as fast as by the pattern
_EXIF: Final = b"Exif\0\0"
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
        if data[at] != _MARK:
            raise BrokenContainer
        while data[at] == _MARK:  # fill bytes
            at += 1
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
    """Return where the next marker is that isn't part of a scan's coded data."""
    for _ in range(_FINDS_MAX):
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 == len(data):
            raise BrokenContainer
        if data[at + 1] not in _WITHIN_SCANS:
            return at
        at += 1
    marker = _BEHIND_SCANS.search(data, at)
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
    if code == _APP1 and body.startswith(_EXIF):
        return Part(Kind.EXIF, raw, body[len(_EXIF) :])
    return Part(Kind.OTHER, raw)


# PNG (third edition, 5.3): length, name, content, checksum

_PNG_NAME_BYTES: Final = 4
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_NEEDED: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"bKGD"}
    | {b"pHYs", b"mDCV", b"cLLI"}
)
_PNG_TEXTS: Final = frozenset({b"tEXt", b"tIME"})


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
        content = data[at + 8 : end - 4] if name in _PNG_TEXTS or name == b"eXIf" else b""
        yield Part(_png_kind(name), view[at:end], content if name != b"tIME" else b"")
        at = end
    if at < len(data):
        yield Part(Kind.OTHER, view[at:])


def _png_kind(name: bytes) -> Kind:
    if name in _PNG_NEEDED:
        return Kind.PICTURE
    if name in _PNG_TEXTS:
        return Kind.NOTE
    return Kind.EXIF if name == b"eXIf" else Kind.OTHER


# WebP (RFC 9649): chunks within RIFF, each padded to an even length

_WEBP_NEEDED: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"})


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
        kind = Kind.PICTURE if name in _WEBP_NEEDED else Kind.EXIF if name == b"EXIF" else Kind.OTHER
        content = data[at + 8 : at + 8 + length].removeprefix(_EXIF) if kind is Kind.EXIF else b""
        yield Part(kind, view[at:end], content)
        at = min(end, len(data))
    if at < len(data):
        yield Part(Kind.OTHER, view[at:])


# GIF89a (sections 15 to 27): a header, a palette, and blocks of sub-blocks

_EXTENSION, _IMAGE, _TRAILER, _CONTROL = 0x21, 0x2C, 0x3B, 0xF9


def _gif_parts(data: bytes) -> Iterator[Part]:
    view = memoryview(data)
    at = 13 + _palette_bytes(data[10])
    yield Part(Kind.PICTURE, view[:at])
    while data[at] != _TRAILER:
        start = at
        if data[at] == _EXTENSION:
            kind = Kind.PICTURE if data[at + 1] == _CONTROL else Kind.OTHER
            at = _behind_sub_blocks(data, at + 2)
        elif data[at] == _IMAGE:
            kind = Kind.PICTURE
            at = _behind_sub_blocks(data, at + 11 + _palette_bytes(data[at + 9]))
        else:
            raise BrokenContainer
        yield Part(kind, view[start:at])
    yield Part(Kind.PICTURE, view[at : at + 1])
    if at + 1 < len(data):
        yield Part(Kind.OTHER, view[at + 1 :])


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _behind_sub_blocks(data: bytes, at: int) -> int:
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
