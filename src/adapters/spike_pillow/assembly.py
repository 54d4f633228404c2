"""Assembly of a picture file from parts and metadata, without decoding its pixels."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from attrs import field, frozen

from spike_core.domain.objects import PictureFormat
from spike_pillow import exif
from spike_pillow.containers import JPEG_XMP, PNG_XMP

_SEGMENT_BYTES_MAX: Final = 0xFFFF - 2
_APP0, _APP1 = b"\xff\xe0", b"\xff\xe1"
_WEBP_EXIF: Final = 0x08  # flags in the header of an extended WebP (RFC 9649, 2.7)
_WEBP_XMP: Final = 0x04
_WEBP_ALPHA: Final = 0x10
_WEBP_HEADER: Final = b"VP8X"
_VP8_START: Final = b"\x9d\x01\x2a"  # before the size in the frame header (RFC 6386, 9.1)
_VP8L_START: Final = 0x2F  # before the size (RFC 9649, 3.4)


@frozen(kw_only=True)
class FileMetadata:
    """Metadata to write to a file. Each block may be empty."""

    exif: bytes = field(default=b"", repr=False)
    xmp: bytes = field(default=b"", repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is no metadata."""
        return not (self.exif or self.xmp)


def assemble(
    raws: Sequence[bytes | memoryview], format_: PictureFormat, metadata: FileMetadata
) -> Iterable[bytes | memoryview]:
    """Yield a file of these parts and metadata. Only JPEG, PNG and WebP get metadata."""
    match format_:
        case PictureFormat.JPEG:
            first = 2 if bytes(raws[1][:2]) == _APP0 else 1  # JFIF must be first
            return [*raws[:first], *_segments(metadata), *raws[first:]]
        case PictureFormat.PNG:
            return [*raws[:2], *_chunks(metadata), *raws[2:]]
        case PictureFormat.WEBP:
            return _webp_of(raws, metadata)
        case _:
            return raws


def _segments(metadata: FileMetadata) -> Iterator[bytes]:
    for body in (
        exif.IDENTIFIER + metadata.exif if metadata.exif else b"",
        JPEG_XMP + metadata.xmp if metadata.xmp else b"",
    ):
        if 0 < len(body) <= _SEGMENT_BYTES_MAX:
            yield _APP1 + (len(body) + 2).to_bytes(2) + body


def _chunks(metadata: FileMetadata) -> Iterator[bytes]:
    for name, body in ((b"eXIf", metadata.exif), (b"iTXt", PNG_XMP + metadata.xmp if metadata.xmp else b"")):
        if body:
            yield len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)


def _webp_of(raws: Sequence[bytes | memoryview], metadata: FileMetadata) -> Iterable[bytes | memoryview]:
    """Yield a WebP whose header matches its content; only an extended WebP can have metadata (RFC 9649, 2.7)."""
    chunks = list(raws[1:])
    if not metadata.is_empty and not any(raw[:4] == _WEBP_HEADER for raw in chunks):
        chunks = [*_webp_header(chunks), *chunks]
    for index, chunk in enumerate(chunks):
        if chunk[:4] == _WEBP_HEADER:
            flags = chunk[8] & ~(_WEBP_EXIF | _WEBP_XMP)
            flags |= (_WEBP_EXIF if metadata.exif else 0) | (_WEBP_XMP if metadata.xmp else 0)
            chunks[index] = bytes(chunk[:8]) + bytes([flags]) + bytes(chunk[9:])
            chunks += [_webp_chunk(*each) for each in ((b"EXIF", metadata.exif), (b"XMP ", metadata.xmp)) if each[1]]
            break
    size_bytes = 4 + sum(map(len, chunks))
    return [b"RIFF", size_bytes.to_bytes(4, "little"), b"WEBP", *chunks]


def _webp_header(chunks: Sequence[bytes | memoryview]) -> Iterator[bytes]:
    """Yield an extended header for a WebP that has none; nothing if its size can't be found."""
    for chunk in chunks[:1]:
        head = bytes(chunk[8:18])
        if chunk[:4] == b"VP8 " and head[3:6] == _VP8_START:
            width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (6, 8))
            yield _webp_chunk(
                _WEBP_HEADER, bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
            )
        elif chunk[:4] == b"VP8L" and head[:1] == bytes([_VP8L_START]):
            bits = int.from_bytes(head[1:5], "little")
            flags = _WEBP_ALPHA if bits >> 28 & 1 else 0
            sides = (bits & 0x3FFF).to_bytes(3, "little") + (bits >> 14 & 0x3FFF).to_bytes(3, "little")
            yield _webp_chunk(_WEBP_HEADER, bytes([flags, 0, 0, 0]) + sides)


def _webp_chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)
