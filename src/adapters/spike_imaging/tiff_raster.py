"""Assembly of a TIFF page's strips or tiles (TIFF 6.0, sections 3 and 15)."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from attrs import frozen

from spike_core.domain.errors import UndecodablePicture, UnsupportedPicture
from spike_imaging.tiff_codecs import Samples, decoder_of
from spike_imaging.tiff_directory import Directory
from spike_imaging.tiff_layout import Layout
from spike_imaging.tiff_samples import ValueRange, result_type, scaled
from spike_imaging.tiff_tags import Tag
from spike_imaging.tiff_terms import Alpha, Compression, SampleFormat

_START_OF_IMAGE: Final = b"\xff\xd8"
_BAND_SAMPLES: Final = 1 << 20  # scaled at once
_USUAL_BITS_MAX: Final = 16  # of integers in pictures; longer ones and real numbers may be measurements
_WHITE: Final = 65535
_LEVEL: Final = 257  # of 65535: the resolution of 8 bits
_WHITE_SHARE_MAX: Final = 0.9


@frozen
class _Segment:
    """A strip or tile: its location in the file and in the picture."""

    index: int  # in the file's lists
    start: int
    size_bytes: int
    top_px: int
    left_px: int
    rows: int  # as stored; a tile may extend beyond the picture's edge
    plane: int  # the sample that it contains; 0 if it contains all


def samples_of(page: Directory, layout: Layout) -> Samples:
    """Return a page's samples: rows, columns, and the layout's used channels, scaled to the full range of 8 or 16 bits.

    Raises:
        UndecodablePicture: data are missing or can't be decoded.
        UnsupportedPicture: a variant of its compression isn't supported, or hardly any of its values are visible in the
            range that its tags specify.
        MemoryError: there is too little memory.
        Exception: any error of a codec on malformed bytes.
    """
    decode = decoder_of(page, layout)
    stated = ValueRange.of(page, layout)
    result = np.empty((layout.height_px, layout.width_px, len(layout.kept)), result_type(layout))
    may_be_measured = layout.bits > _USUAL_BITS_MAX or layout.format is SampleFormat.FLOAT
    is_varied = False
    for segment in _segments(page, layout):
        data = memoryview(page.data)[segment.start : segment.start + segment.size_bytes]
        if len(data) < segment.size_bytes or not data:
            raise UndecodablePicture
        place = result[segment.top_px :, segment.left_px :][: segment.rows, : layout.segment_width_px]
        numbers = decode(data, segment.index, segment.rows)[: place.shape[0], : place.shape[1]]  # a tile may be larger
        if numbers.shape != (*place.shape[:2], layout.channels):
            raise UndecodablePicture
        if may_be_measured and not is_varied:
            is_varied = bool((numbers != numbers.flat[0]).any())
        step = max(1, _BAND_SAMPLES // (numbers.shape[1] * numbers.shape[2]))
        for top in range(0, len(numbers), step):
            _scale_into(place[top : top + step], numbers[top : top + step], layout, stated, segment.plane)
    if is_varied:
        _check_visible(result[..., : layout.colors], layout)
    return result


def _check_visible(colors: Samples, layout: Layout) -> None:
    """Check that values which differ are visible: 32-bit measurements may use a millionth of their range.

    Raises:
        UnsupportedPicture: they all have the same color, or nearly all of them exceed white.
    """
    low, high = int(colors.min()), int(colors.max())
    is_flat = high - low < _LEVEL
    if is_flat or np.count_nonzero(colors == _WHITE) > _WHITE_SHARE_MAX * colors.size:
        fault = "no visible range" if is_flat and high < _WHITE else "values above white"
        name = f"TIFF of {layout.bits}-bit numbers with {fault}"
        raise UnsupportedPicture(name=name, advice="Save it with 8 or 16 bits per channel")


def _scale_into(place: Samples, numbers: Samples, layout: Layout, stated: ValueRange, plane: int) -> None:
    if layout.is_planar:
        channel = layout.kept.index(plane)
        stated_one = stated.alpha if channel >= layout.colors else stated.color
        place[..., channel] = scaled(numbers[..., 0], layout, stated_one)
        return
    place[..., : layout.colors] = scaled(numbers[..., : layout.colors], layout, stated.color)
    if layout.alpha is not Alpha.NONE:
        place[..., -1] = scaled(numbers[..., layout.alpha_index], layout, stated.alpha)


def _segments(page: Directory, layout: Layout) -> Iterator[_Segment]:
    """Yield strips or tiles in the order of the file's lists.

    Missing or zero byte counts are replaced; the data of such a strip extend to the end of the file.

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
        yield _Segment(index, offsets[index], size_bytes, top_px, column * layout.segment_width_px, rows, plane)


def _extents(page: Directory, layout: Layout) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the offsets and sizes of strips or tiles."""
    if layout.compression is Compression.OLD_JPEG:
        return _old_jpeg(page, layout)
    offsets = page.page.dataoffsets
    if layout.is_cut:
        row_bytes = layout.row_bytes(layout.width_px)
        rows = range(0, layout.height_px, layout.segment_height_px)
        return tuple(start + row * row_bytes for start in offsets for row in rows), ()
    return offsets, page.page.databytecounts


def _old_jpeg(page: Directory, layout: Layout) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the location of the single JPEG in an old-style file (TIFF 6.0, section 22; TIFF technical note 2).

    Raises:
        UnsupportedPicture: it has several parts, or no tables.
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
