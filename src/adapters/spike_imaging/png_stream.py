"""A PNG's chunks and compressed rows, read to determine what is broken and whether it matters.

Decoders differ in their tolerance. libpng and browsers drop a broken ancillary chunk, and show a picture if all of its
rows can be read, whatever follows them.
"""

import zlib
from collections.abc import Iterator
from typing import Final

from attrs import field, frozen

from spike_core.domain.errors import UndecodablePicture
from spike_imaging.limits import check_pixels

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_CHUNKS_MAX: Final = 100_000
_HEADER_BYTES: Final = 13
_ANCILLARY: Final = 0x20  # set in the first letter of a chunk that a decoder may skip (PNG third edition, 5.4)
_TRANSPARENCY: Final = b"tRNS"
_ANIMATION: Final = frozenset({b"acTL", b"fcTL", b"fdAT"})
# ancillary chunks that a repaired file keeps, with their valid lengths
_KEPT: Final = {b"gAMA": {4}, b"cHRM": {32}, b"sRGB": {1}, b"cICP": {4}, b"pHYs": {9}}
_KEPT_OF_ANY_LENGTH: Final = frozenset({b"eXIf", *_ANIMATION})
_PROFILE_BYTES_MAX: Final = 1 << 20  # Pillow's limit
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by color type (11.2.2)
_TRANSPARENCY_BYTES: Final = {0: 2, 2: 6}
_PALETTE: Final = 3
_PALETTE_COLORS_MAX: Final = 256
# Adam7 (8.2): for each pass the first column and row, and the steps between them
_PASSES: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_PART_BYTES: Final = 1 << 16  # compressed
_PIECE_BYTES: Final = 1 << 20  # decompressed


@frozen
class Chunk:
    """A chunk (5.3)."""

    name: bytes
    body: memoryview = field(repr=False)
    is_intact: bool  # the checksum is correct

    @property
    def is_ancillary(self) -> bool:
        """Whether a decoder may skip it."""
        return bool(self.name[0] & _ANCILLARY)

    def written(self) -> bytes:
        """Return the chunk as stored in a file, with a correct checksum."""
        return _written(self.name, bytes(self.body))


@frozen
class _Header:
    width_px: int
    height_px: int
    bits: int
    color_type: int
    is_interlaced: bool

    @classmethod
    def of(cls, chunks: list[Chunk]) -> "_Header":
        if not chunks or chunks[0].name != b"IHDR" or len(chunks[0].body) != _HEADER_BYTES or not chunks[0].is_intact:
            raise UndecodablePicture
        body = bytes(chunks[0].body)
        header = cls(int.from_bytes(body[:4]), int.from_bytes(body[4:8]), body[8], body[9], body[12] == 1)
        if header.color_type not in _CHANNELS or header.bits not in {1, 2, 4, 8, 16}:
            raise UndecodablePicture
        check_pixels(header.width_px * header.height_px)
        return header

    @property
    def rows_bytes(self) -> int:
        """The size of all decompressed rows, each with its filter byte."""
        if not self.is_interlaced:
            return self._bytes(self.width_px, self.height_px)
        return sum(
            self._bytes(-(-(self.width_px - left) // across), -(-(self.height_px - top) // down))
            for left, top, across, down in _PASSES
        )

    def _bytes(self, columns: int, rows: int) -> int:
        if columns <= 0 or rows <= 0:
            return 0
        return rows * (1 + (columns * self.bits * _CHANNELS[self.color_type] + 7) // 8)


def with_good_chunks(data: bytes) -> bytes:
    """Return the PNG without broken ancillary chunks.

    Raises:
        UndecodablePicture: a chunk that is needed to show the picture is broken.
    """
    chunks = list(_chunks(data))
    header = _Header.of(chunks)
    return b"".join([_SIGNATURE, *(chunk.written() for chunk in chunks if _is_kept(chunk, header))])


def with_good_rows(data: bytes) -> bytes:
    """Return the PNG with its rows compressed again. All rows must be present.

    Raises:
        UndecodablePicture: rows are missing or can't be read.
    """
    chunks = [chunk for chunk in _chunks(data) if chunk.name not in _ANIMATION]
    header = _Header.of(chunks)
    compressor = zlib.compressobj(1)
    rows = b"".join([*(compressor.compress(piece) for piece in _rows(chunks, header)), compressor.flush()])
    first = next(index for index, chunk in enumerate(chunks) if chunk.name == b"IDAT")
    before = [chunk.written() for chunk in chunks[:first] if _is_kept(chunk, header)]
    return b"".join([_SIGNATURE, *before, _written(b"IDAT", rows), _written(b"IEND", b"")])


def check_rows(data: bytes) -> None:
    """Check that a PNG has all its rows.

    Raises:
        UndecodablePicture: some are missing.
    """
    chunks = list(_chunks(data))
    for _ in _rows(chunks, _Header.of(chunks)):
        pass


def _rows(chunks: list[Chunk], header: _Header) -> Iterator[bytes]:
    """Yield the rows' bytes in pieces, exactly the required number; checksums are ignored.

    Raises:
        UndecodablePicture: there are fewer.
    """
    left = header.rows_bytes
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for part in _stream(chunks):
        tail: bytes | memoryview = part
        while left and not inflater.eof:
            try:
                piece = inflater.decompress(tail, min(_PIECE_BYTES, left))
            except zlib.error as error:
                raise UndecodablePicture from error
            tail = inflater.unconsumed_tail
            if not piece:
                break
            left -= len(piece)
            yield piece
    if left:
        raise UndecodablePicture


def _stream(chunks: list[Chunk]) -> Iterator[memoryview]:
    """Yield the compressed rows in pieces, without zlib's header of two bytes (RFC 1950), which isn't needed."""
    header_bytes = 2
    for chunk in chunks:
        if chunk.name == b"IDAT":
            body = chunk.body[header_bytes:]
            header_bytes -= min(header_bytes, len(chunk.body))
            for start in range(0, len(body), _PART_BYTES):
                yield body[start : start + _PART_BYTES]


def _chunks(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks; the last one may be truncated, so that the pixels present can be used."""
    view = memoryview(data)
    at = len(_SIGNATURE)
    for _ in range(_CHUNKS_MAX):
        if at + 8 > len(data):
            return
        length, name = int.from_bytes(view[at : at + 4]), bytes(view[at + 4 : at + 8])
        body, end = view[at + 8 : at + 8 + length], at + 8 + length
        yield Chunk(name, body, zlib.crc32(view[at + 4 : end]) == int.from_bytes(view[end : end + 4]))
        if name == b"IEND":
            return
        at = end + 4


def _is_kept(chunk: Chunk, header: _Header) -> bool:
    if not chunk.is_ancillary:
        return True
    if not chunk.is_intact:
        return False
    if chunk.name == _TRANSPARENCY:
        if header.color_type == _PALETTE:
            return 0 < len(chunk.body) <= _PALETTE_COLORS_MAX
        return len(chunk.body) == _TRANSPARENCY_BYTES.get(header.color_type)
    if chunk.name == b"iCCP":
        return _is_good_profile(bytes(chunk.body))
    return chunk.name in _KEPT_OF_ANY_LENGTH or len(chunk.body) in _KEPT.get(chunk.name, ())


def _is_good_profile(body: bytes) -> bool:
    """Return whether a compressed ICC profile (11.3.2.3) can be decompressed and isn't too large."""
    inflater = zlib.decompressobj()
    try:
        inflater.decompress(body.partition(b"\0")[2][1:], _PROFILE_BYTES_MAX + 1)
    except zlib.error:
        return False
    return inflater.eof and not inflater.unused_data


def _written(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)
