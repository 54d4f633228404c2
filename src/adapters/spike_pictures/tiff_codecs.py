"""Decompressing one strip or tile of a TIFF file, into no more memory than its layout announces.

Import this module only where a TIFF is decoded: its libraries take a while to load.
"""

import lzma
import zlib
from typing import Final, assert_never

import imagecodecs
import numpy as np

from spike_core.domain.errors import UndecodablePicture
from spike_pictures.tiff_layout import Layout
from spike_pictures.tiff_samples import Samples
from spike_pictures.tiff_terms import CCITT, JPEGS, Compression, Photometric

IMAGE_CODECS: Final = JPEGS | CCITT | {Compression.WEBP}  # they yield samples; all others bytes
_LZMA_MEMORY_BYTES: Final = 256 * 1024 * 1024
_SLACK_BYTES: Final = 1 << 16  # of padding that a run-length encoder may have added
_GRAY, _RGB, _YCBCR, _CMYK, _UNKNOWN = "GRAYSCALE", "RGB", "YCbCr", "CMYK", "UNKNOWN"
# start-of-frame markers (ITU-T T.81, table B.1): all from C0 to CF but those of tables and of arithmetic conditioning
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE_MARKERS: Final = frozenset({0x01, *range(0xD0, 0xD9)})


def decompressed(data: bytes | memoryview, compression: Compression, *, size_bytes: int) -> bytes | memoryview:
    """Return a segment's bytes, as many as announced.

    Raises:
        UndecodablePicture: there are fewer.
        Exception: what a codec raises on bytes that it can't read.
    """
    raw: bytes | bytearray | memoryview
    match compression:
        case Compression.NONE:
            raw = data
        case Compression.LZW:
            raw = imagecodecs.lzw_decode(bytes(data), out=size_bytes)
        case Compression.ADOBE_DEFLATE | Compression.DEFLATE:
            raw = zlib.decompressobj().decompress(data, size_bytes)
        case Compression.PACKBITS:
            raw = imagecodecs.packbits_decode(bytes(data), out=size_bytes + _SLACK_BYTES)
        case Compression.LZMA:
            raw = lzma.LZMADecompressor(memlimit=_LZMA_MEMORY_BYTES).decompress(data, size_bytes)
        case Compression.ZSTD:
            raw = imagecodecs.zstd_decode(bytes(data), out=size_bytes)
        case (
            Compression.CCITT_RLE
            | Compression.CCITT_G3
            | Compression.CCITT_G4
            | Compression.JPEG
            | Compression.OLD_JPEG
            | Compression.WEBP
        ):
            raise AssertionError("they are decoded to samples")
        case _:
            assert_never(compression)
    if len(raw) < size_bytes:
        raise UndecodablePicture
    return memoryview(raw)


def image_samples(data: bytes, layout: Layout, *, rows: int, tables: bytes, t4_options: int) -> Samples:
    """Return a segment's samples where its codec is one for pictures: rows, columns, channels.

    There may be more rows and columns than wanted. `tables` is a JPEG's (JPEGTables), `t4_options` a fax's.

    Raises:
        UndecodablePicture: it isn't what the layout announces.
        Exception: what a codec raises on bytes that it can't read.
    """
    if layout.compression is Compression.WEBP:
        room = np.empty((rows, layout.segment_width_px, layout.channels), np.uint8)
        return imagecodecs.webp_decode(data, hasalpha=layout.channels == 4, out=room)  # noqa: PLR2004  # RGBA
    if layout.compression in JPEGS:
        return _jpeg_samples(data, layout, tables)
    width_px = layout.segment_width_px
    match layout.compression:
        case Compression.CCITT_RLE:
            bits = imagecodecs.ccittrle_decode(data, rows, width_px)
        case Compression.CCITT_G3:
            bits = imagecodecs.ccittfax3_decode(data, rows, width_px, t4options=t4_options)
        case _:
            bits = imagecodecs.ccittfax4_decode(data, rows, width_px)
    return bits.reshape(-1, width_px, 1)


def _jpeg_samples(data: bytes, layout: Layout, tables: bytes) -> Samples:
    """Judge a JPEG's own header, which may announce far more than the segment, and decode it."""
    bits, height, width, components = _jpeg_frame(data)
    is_padded = layout.segment_width_px + 15 >= width and layout.segment_height_px + 15 >= height  # to whole blocks
    if not is_padded or components != layout.channels or bits != layout.bits:
        raise UndecodablePicture
    stored, wanted = _UNKNOWN, _UNKNOWN
    if components == 1:
        stored, wanted = _GRAY, _GRAY
    elif layout.photometric is Photometric.YCBCR and components == 3:  # noqa: PLR2004
        stored, wanted = _YCBCR, _RGB
    elif layout.photometric is Photometric.RGB and components == 3:  # noqa: PLR2004
        stored, wanted = _RGB, _RGB
    elif layout.photometric is Photometric.CMYK and components == 4:  # noqa: PLR2004
        stored, wanted = _CMYK, _CMYK
    samples = imagecodecs.jpeg8_decode(data, tables=tables or None, colorspace=stored, outcolorspace=wanted)
    return samples.reshape(height, width, components)


def _jpeg_frame(data: bytes) -> tuple[int, int, int, int]:
    """Return a JPEG's precision, height, width and number of components.

    Raises:
        UndecodablePicture: it has no frame.
    """
    at = 2
    while at + 10 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004  # ends: `at` grows
        marker = data[at + 1]
        if marker in _FRAMES:
            height, width = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
            return data[at + 4], height, width, data[at + 9]
        if marker == 0xFF:  # noqa: PLR2004  # a fill byte
            at += 1
        elif marker in _BARE_MARKERS:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    raise UndecodablePicture
