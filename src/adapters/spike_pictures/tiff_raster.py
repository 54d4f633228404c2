"""Putting a TIFF page's strips or tiles together (TIFF 6.0, sections 3 and 15)."""

from collections.abc import Iterator
from typing import Final

import imagecodecs
import numpy as np
from attrs import frozen

from spike_core.domain.errors import UndecodablePicture, UnsupportedPicture
from spike_pictures.tiff_codecs import IMAGE_CODECS, decompressed, image_samples
from spike_pictures.tiff_directory import Directory
from spike_pictures.tiff_layout import Layout
from spike_pictures.tiff_samples import Samples, ValueRange, result_type, scaled, unpacked
from spike_pictures.tiff_tags import Tag
from spike_pictures.tiff_terms import Alpha, Compression

_START_OF_IMAGE: Final = b"\xff\xd8"
_NO_REVERSAL: Final = frozenset({Compression.JPEG, Compression.OLD_JPEG, Compression.WEBP})


@frozen
class _Segment:
    """A strip or tile: where it is in the file, and in the picture."""

    start: int
    size_bytes: int
    top_px: int
    left_px: int
    rows: int  # as stored; a tile may reach over the picture's edge
    plane: int  # the sample that it holds; 0 where it holds all


def samples_of(page: Directory, layout: Layout) -> Samples:
    """Return a page's samples: rows, columns, and the layout's kept channels; 8 or 16 bits of full range.

    Raises:
        UndecodablePicture: there are fewer bytes than it takes, or they can't be read.
        UnsupportedPicture: its compression has a form that isn't read.
        MemoryError: there is too little.
        Exception: what a codec raises on bytes that it can't read.
    """
    reader = _SegmentReader(page, layout)
    stated = ValueRange.of(page, layout)
    result = np.empty((layout.height_px, layout.width_px, len(layout.kept)), result_type(layout))
    for segment in _segments(page, layout):
        for top, numbers in reader.bands(segment):
            first_row = segment.top_px + top
            place = result[first_row : first_row + len(numbers), segment.left_px :][:, : numbers.shape[1]]
            seen = numbers[: place.shape[0], : place.shape[1]]  # a tile may reach over the picture's edge
            if layout.is_planar:
                channel = layout.kept.index(segment.plane)
                stated_one = stated.alpha if channel >= layout.colors else stated.color
                place[..., channel] = scaled(seen[..., 0], layout, stated_one)
            else:
                place[..., : layout.colors] = scaled(seen[..., : layout.colors], layout, stated.color)
                if layout.alpha is not Alpha.NONE:
                    place[..., -1] = scaled(seen[..., layout.alpha_index], layout, stated.alpha)
    return result


def _segments(page: Directory, layout: Layout) -> Iterator[_Segment]:
    """Yield strips or tiles in the order of the file's lists.

    Byte counts that are missing or 0 are made up for; the data of a strip end where the file does.

    Raises:
        UndecodablePicture: there are too few.
    """
    across, down = layout.grid
    offsets, sizes = _extents(page, layout)
    if len(offsets) < layout.segments:
        raise UndecodablePicture
    planes = layout.samples if layout.is_planar else 1
    for index in range(across * down * planes):
        plane, place = divmod(index, across * down)
        if layout.is_planar and plane not in layout.kept:
            continue
        row, column = divmod(place, across)
        top_px = row * layout.segment_height_px
        rows = layout.segment_height_px if layout.is_tiled else min(layout.segment_height_px, layout.height_px - top_px)
        size_bytes = sizes[index] if index < len(sizes) else 0
        if layout.compression is Compression.NONE:
            size_bytes = layout.segment_bytes(rows)
        elif not size_bytes:
            size_bytes = len(page.data) - offsets[index]
        yield _Segment(offsets[index], size_bytes, top_px, column * layout.segment_width_px, rows, plane)


def _extents(page: Directory, layout: Layout) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the offsets and the sizes of strips or tiles, some of which mix the names up."""
    if layout.compression is Compression.OLD_JPEG:
        return _old_jpeg(page, layout)
    pairs = ((Tag.STRIP_OFFSETS, Tag.STRIP_BYTE_COUNTS), (Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS))
    for offsets_tag, sizes_tag in reversed(pairs) if layout.is_tiled else pairs:
        if offsets_tag in page.entries:
            return page.integers(offsets_tag), page.integers(sizes_tag)
    raise UndecodablePicture


def _old_jpeg(page: Directory, layout: Layout) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return where the only JPEG of an old-style one is (TIFF 6.0, section 22; TIFF technical note 2).

    Raises:
        UnsupportedPicture: it is in several pieces, or without its tables.
    """
    pairs = (
        (Tag.JPEG_INTERCHANGE_FORMAT, Tag.JPEG_INTERCHANGE_FORMAT_LENGTH),
        (Tag.STRIP_OFFSETS, Tag.STRIP_BYTE_COUNTS),
    )
    for start_tag, size_tag in pairs:
        start, size_bytes = page.integer(start_tag, 0), page.integer(size_tag, 0)
        if layout.segments == 1 and page.data.startswith(_START_OF_IMAGE, start):
            return (start,), (min(size_bytes or len(page.data), len(page.data) - start),)
    raise UnsupportedPicture(name="TIFF compression old-style JPEG", advice="Export it as JPEG, PNG or TIFF")


class _SegmentReader:
    """Decodes a page's segments, one after the other."""

    def __init__(self, page: Directory, layout: Layout) -> None:
        self._page = page
        self._layout = layout
        self._tables = page.content(Tag.JPEG_TABLES)
        self._t4_options = page.integer(Tag.T4_OPTIONS, 0)

    def bands(self, segment: _Segment) -> Iterator[tuple[int, Samples]]:
        """Yield a segment's samples in bands: the first row within it, and rows, columns and channels."""
        layout = self._layout
        data = self._bytes(segment)
        if layout.compression in IMAGE_CODECS:
            samples = image_samples(
                bytes(data), layout, rows=segment.rows, tables=self._tables, t4_options=self._t4_options
            )
            wanted_rows = min(segment.rows, layout.height_px - segment.top_px)
            wanted_columns = min(layout.segment_width_px, layout.width_px - segment.left_px)
            if samples.shape[0] < wanted_rows or samples.shape[1] < wanted_columns:
                raise UndecodablePicture
            yield 0, samples[:wanted_rows]
            return
        raw = decompressed(data, layout.compression, size_bytes=layout.segment_bytes(segment.rows))
        if layout.subsampling == (1, 1):
            yield from unpacked(raw, layout, self._page.byte_order, rows=segment.rows)
        else:
            yield 0, self._upsampled(raw, rows=segment.rows)

    def _bytes(self, segment: _Segment) -> bytes | memoryview:
        data: bytes | memoryview = memoryview(self._page.data)[segment.start : segment.start + segment.size_bytes]
        if len(data) < segment.size_bytes or not data:
            raise UndecodablePicture
        if self._layout.is_bit_reversed and self._layout.compression not in _NO_REVERSAL:
            return bytes(imagecodecs.bitorder_decode(bytes(data)))
        return data

    def _upsampled(self, raw: bytes | memoryview, *, rows: int) -> Samples:
        """Return YCbCr with the chroma of each block at all of its pixels (TIFF 6.0, section 21)."""
        layout = self._layout
        across, down = layout.subsampling
        wide, high = -(-layout.segment_width_px // across), -(-rows // down)
        units = np.frombuffer(raw, np.uint8).reshape(high, wide, -1)
        lumas = across * down
        result = np.empty((high * down, wide * across, layout.samples), np.uint8)
        blocks = units[..., :lumas].reshape(high, wide, down, across)
        result[..., 0] = blocks.transpose(0, 2, 1, 3).reshape(high * down, wide * across)
        for sample in range(1, layout.samples):
            chroma = units[..., lumas + sample - 1]
            result[..., sample] = chroma.repeat(down, axis=0).repeat(across, axis=1)
        return result[:rows, : layout.segment_width_px]
