"""Decoding of single strips or tiles of a TIFF file, in no more memory than its layout declares.

tifffile decodes them, except for compressions that it doesn't support, and those whose data declare their own size.
"""

import re
from collections.abc import Callable
from copy import copy
from typing import Any, Final

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from tifffile import TIFF, TiffPage

from spike_core.domain.errors import UndecodablePicture
from spike_imaging.tiff_directory import Directory
from spike_imaging.tiff_layout import Layout
from spike_imaging.tiff_tags import Tag
from spike_imaging.tiff_terms import JPEGS, Compression, Photometric, SampleFormat

Samples = NDArray[Any]  # rows, columns, channels

_GRAY, _RGB, _YCBCR, _CMYK, _UNKNOWN = "GRAYSCALE", "RGB", "YCbCr", "CMYK", "UNKNOWN"
_STRICT: Final = frozenset(  # fail on more data than declared
    {Compression.ADOBE_DEFLATE, Compression.DEFLATE, Compression.PACKBITS, Compression.ZSTD}
)
# start-of-frame markers (ITU-T T.81, table B.1): all from C0 to CF except those of tables and arithmetic conditioning
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# fill bytes and markers without a segment, of which there may be millions; possessive, which takes no memory
_PASSED: Final = re.compile(rb"(?:\xff(?=\xff)|\xff[\x01\xd0-\xd8])++")
_TWENTY_FOUR: Final = 24
# integers of 24 bits, by byte order; numpy has no such type, and tifffile decodes them wrongly
_OF_24_BITS: Final = {
    "<": np.dtype([("low", np.uint8), ("high", "<u2")]),
    ">": np.dtype([("high", ">u2"), ("low", np.uint8)]),
}

Decoder = Callable[[memoryview, int, int], Samples]  # of a segment's bytes, its index, and its rows


def decoder_of(directory: Directory, layout: Layout) -> Decoder:
    """Return a decoder for a page's segments, which may return more rows and columns than requested.

    Integers are returned as unsigned bit patterns; those of 24 bits in two fields, `high` (16 bits) and `low`. The
    decoder raises `UndecodablePicture` if the data don't match the layout, and any error of a codec on malformed bytes.
    """
    if layout.compression in JPEGS:
        tables = directory.content(Tag.JPEG_TABLES)
        return lambda data, _, __: _jpeg_samples(bytes(data), layout, tables)
    if layout.compression is Compression.WEBP:
        return lambda data, _, rows: _webp_samples(bytes(data), layout, rows)
    if layout.subsampling != (1, 1):
        return lambda data, _, rows: _subsampled(bytes(data), layout, rows)
    return _by_tifffile(directory.page, layout)


def _by_tifffile(page: TiffPage, layout: Layout) -> Decoder:
    page = _announcing(page, layout, height_px=layout.height_px)
    whole = _announcing(page, layout, height_px=layout.grid[1] * layout.segment_height_px)
    octets = _OF_24_BITS[page.parent.byteorder] if _is_of_24_bits(layout) else None
    is_written_over = layout.compression is Compression.NONE and layout.predictor != 1  # even read-only memory

    def decode(data: memoryview, index: int, rows: int) -> Samples:
        own = bytearray(data) if is_written_over else data
        try:
            decoded = page.decode(own, index)
        except Exception:
            if rows == layout.segment_height_px or layout.compression not in _STRICT:
                raise
            decoded = whole.decode(own, index)  # some writers pad the last strip
        samples: Samples = np.asarray(decoded[0])[0]  # of one plane in depth
        return samples if octets is None else samples.view(octets)

    return decode


def _is_of_24_bits(layout: Layout) -> bool:
    return layout.bits == _TWENTY_FOUR and layout.format is not SampleFormat.FLOAT


def _announcing(page: TiffPage, layout: Layout, *, height_px: int) -> TiffPage:
    """Return a copy of a page with the checked values, whatever its other tags say."""
    page = copy(page)
    planes = layout.samples if layout.is_planar else 1
    bits, channels = (8, layout.channels * 3) if _is_of_24_bits(layout) else (layout.bits, layout.channels)
    page.shaped = (planes, 1, height_px, layout.width_px, channels)
    page.samplesperpixel = channels  # of a segment
    page.planarconfig = 1
    page.predictor = layout.predictor
    page.bitspersample = bits
    if layout.format is not SampleFormat.FLOAT:  # tifffile supports few signed types
        page.dtype = page._dtype = np.dtype(f"u{_bytes_of(bits)}")  # noqa: SLF001  # which is the one that counts
    page.tiledepth = 1
    if not layout.is_tiled:
        page.rowsperstrip = layout.segment_height_px
    return page


def _bytes_of(bits: int) -> int:
    """Return the size of the type that stores integers of `bits` bits."""
    return next(size for size in (1, 2, 4, 8) if bits <= size * 8)


def _subsampled(data: bytes, layout: Layout, rows: int) -> Samples:
    """Return YCbCr with the chroma of each block repeated for all of its pixels (TIFF 6.0, section 21)."""
    if layout.is_bit_reversed:
        data = bytes(imagecodecs.bitorder_decode(data))
    size_bytes = layout.segment_bytes(rows)
    if layout.compression is not Compression.NONE:
        data = TIFF.DECOMPRESSORS[layout.compression](data, out=size_bytes)
    across, down = layout.subsampling
    wide, high = -(-layout.segment_width_px // across), -(-rows // down)
    units = np.frombuffer(data, np.uint8, size_bytes).reshape(high, wide, -1)
    lumas = across * down
    result = np.empty((high * down, wide * across, layout.samples), np.uint8)
    blocks = units[..., :lumas].reshape(high, wide, down, across)
    result[..., 0] = blocks.transpose(0, 2, 1, 3).reshape(high * down, wide * across)
    for sample in range(1, layout.samples):
        chroma = units[..., lumas + sample - 1]
        result[..., sample] = chroma.repeat(down, axis=0).repeat(across, axis=1)
    return result


def _webp_samples(data: bytes, layout: Layout, rows: int) -> Samples:
    room = np.empty((rows, layout.segment_width_px, layout.channels), np.uint8)
    return imagecodecs.webp_decode(data, hasalpha=layout.channels == 4, out=room)  # noqa: PLR2004  # RGBA


def _jpeg_samples(data: bytes, layout: Layout, tables: bytes) -> Samples:
    """Check a JPEG's own header, which may declare much more than the segment, and decode it."""
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
    while at + 10 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004  # terminates: `at` grows
        marker = data[at + 1]
        if marker in _FRAMES:
            height, width = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
            return data[at + 4], height, width, data[at + 9]
        if passed := _PASSED.match(data, at):
            at = passed.end()
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    raise UndecodablePicture
