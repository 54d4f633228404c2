"""The storage layout of a TIFF page's pixels, from its tags, checked before any are decoded (TIFF 6.0)."""

import math
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from spike_core.domain.errors import TooManyPixels, UndecodablePicture, UnsupportedPicture
from spike_imaging.limits import allowed_pixels, check_pixels
from spike_imaging.tiff_directory import Directory
from spike_imaging.tiff_tags import Tag
from spike_imaging.tiff_terms import (
    CCITT,
    FLOAT_PREDICTOR,
    JPEGS,
    LABS,
    OTHER_COLOR_MODELS,
    OTHER_COMPRESSIONS,
    Alpha,
    Compression,
    Photometric,
    SampleFormat,
)

SEGMENT_BYTES_MAX: Final = 512 * 1024 * 1024  # of one strip or tile, decompressed
ALL_BYTES_MAX: Final = 2 * 1024 * 1024 * 1024  # of all together
_SEGMENTS_MAX: Final = 1 << 16  # each costs time of its own, however small it is
_SAMPLES_MAX: Final = 64  # per pixel
_PADDED: Final = 4  # all tiles together may have this many times the maximum of pixels
_ADVICE: Final = "Export it as PNG, or as TIFF with 8 or 16 bits in RGB"
_CUT_SAMPLES: Final = 1 << 20  # decoded at once if a strip can be cut


_COLORS: Final[Mapping[Photometric, int]] = {
    Photometric.MIN_IS_WHITE: 1,
    Photometric.MIN_IS_BLACK: 1,
    Photometric.RGB: 3,
    Photometric.PALETTE: 1,
    Photometric.CMYK: 4,
    Photometric.YCBCR: 3,
    Photometric.CIE_LAB: 3,
    Photometric.ICC_LAB: 3,
}
_WHOLE_BITS: Final = frozenset({8, 16, 32, 64})
_FLOAT_BITS: Final = frozenset({16, 24, 32, 64})
_INTEGER_BITS: Final = frozenset({*range(1, 17), 24, 32, 64})
_PREDICTORS: Final = frozenset({1, 2, 3})
_EIGHT, _TWELVE, _SIXTEEN = 8, 12, 16


@frozen(kw_only=True)
class Layout:
    """The storage layout of a page's pixels."""

    width_px: int
    height_px: int
    bits: int  # per sample
    format: SampleFormat
    photometric: Photometric
    compression: Compression
    predictor: int
    samples: int  # per pixel, in the file
    colors: int  # the number of color samples, which come first
    alpha: Alpha
    alpha_index: int  # among the samples; 0 if there is none
    is_planar: bool  # one plane after the other
    is_bit_reversed: bool  # FillOrder 2
    is_tiled: bool
    segment_width_px: int
    segment_height_px: int
    is_cut: bool  # each plane is one uncompressed strip, and segments are parts of it
    subsampling: tuple[int, int]  # of chroma, across and down; (1, 1) if there is none

    @property
    def kept(self) -> tuple[int, ...]:
        """Return the indices of the used samples: the colors, then alpha."""
        colors = tuple(range(self.colors))
        return colors if self.alpha is Alpha.NONE else (*colors, self.alpha_index)

    @property
    def channels(self) -> int:
        """Return how many samples per pixel a segment has."""
        return 1 if self.is_planar else self.samples

    @property
    def grid(self) -> tuple[int, int]:
        """Return the number of segments across and down."""
        across = math.ceil(self.width_px / self.segment_width_px)
        return across, math.ceil(self.height_px / self.segment_height_px)

    @property
    def segments(self) -> int:
        """Return the number of segments in all planes."""
        across, down = self.grid
        return across * down * (self.samples if self.is_planar else 1)

    @property
    def is_deep(self) -> bool:
        """Whether a color has more than 8 bits."""
        return self.bits > _EIGHT or self.format is SampleFormat.FLOAT

    def row_bytes(self, width_px: int) -> int:
        """Return the decompressed size of a segment's row; rows start at a byte."""
        return (width_px * self.channels * self.bits + 7) // 8

    def segment_bytes(self, rows: int) -> int:
        """Return the decompressed size of a segment with `rows` rows."""
        across, down = self.subsampling
        if (across, down) == (1, 1):
            return rows * self.row_bytes(self.segment_width_px)
        blocks = math.ceil(self.segment_width_px / across) * math.ceil(rows / down)
        return blocks * (across * down + 2 + (self.samples - 3))


def layout_of(page: Directory) -> Layout:
    """Return the layout of a page's pixels.

    Raises:
        TooManyPixels: it declares more than Spike decodes.
        UnsupportedPicture: its variant isn't supported.
        UndecodablePicture: tags are missing or contradictory.
    """
    width_px, height_px = page.integer(Tag.IMAGE_WIDTH, 0), page.integer(Tag.IMAGE_LENGTH, 0)
    if width_px < 1 or height_px < 1:
        raise UndecodablePicture
    check_pixels(width_px * height_px)
    compression = _compression_of(page)
    samples = page.integer(Tag.SAMPLES_PER_PIXEL, len(page.integers(Tag.BITS_PER_SAMPLE)) or 1)
    if not 1 <= samples <= _SAMPLES_MAX:
        raise UndecodablePicture
    photometric = _photometric_of(page, samples, compression)
    colors = _COLORS[photometric]
    if samples < colors:
        raise UndecodablePicture
    is_tiled = Tag.TILE_WIDTH in page or Tag.TILE_OFFSETS in page
    alpha, alpha_index = _alpha_of(page, samples, colors)
    is_planar = page.integer(Tag.PLANAR_CONFIGURATION, 1) == 2 and samples > 1  # noqa: PLR2004  # PlanarConfiguration
    subsampling = _subsampling_of(page, photometric, compression)
    strip_rows = _strip_rows(page, height_px, compression, samples if is_planar else 1)
    is_cut = compression is Compression.NONE and not is_tiled and strip_rows == height_px and subsampling == (1, 1)
    if is_cut:
        strip_rows = max(1, _CUT_SAMPLES // (width_px * samples))
    layout = Layout(
        width_px=width_px,
        height_px=height_px,
        bits=_bits_of(page, compression),
        format=_format_of(page, photometric),
        photometric=photometric,
        compression=compression,
        predictor=page.integer(Tag.PREDICTOR, 1) if compression not in JPEGS | CCITT | {Compression.WEBP} else 1,
        samples=samples,
        colors=colors,
        alpha=alpha,
        alpha_index=alpha_index,
        is_planar=is_planar,
        is_bit_reversed=page.integer(Tag.FILL_ORDER, 1) == 2,  # noqa: PLR2004  # FillOrder
        is_tiled=is_tiled,
        segment_width_px=page.integer(Tag.TILE_WIDTH, 0) if is_tiled else width_px,
        segment_height_px=page.integer(Tag.TILE_LENGTH, 0) if is_tiled else strip_rows,
        is_cut=is_cut,
        subsampling=subsampling,
    )
    _check_segments(layout)
    _check_kind(page, layout)
    return layout


def _unsupported(what: str) -> UnsupportedPicture:
    return UnsupportedPicture(name=f"TIFF {what}", advice=_ADVICE)


def _compression_of(page: Directory) -> Compression:
    number = page.integer(Tag.COMPRESSION, 1)
    try:
        return Compression(number)
    except ValueError as error:
        raise _unsupported(f"compression {OTHER_COMPRESSIONS.get(number, number)}") from error


def _photometric_of(page: Directory, samples: int, compression: Compression) -> Photometric:
    """Return the samples' color model; if the tag is missing, libtiff's default."""
    if compression in CCITT:
        default = Photometric.MIN_IS_WHITE
    else:
        default = Photometric.RGB if samples >= _COLORS[Photometric.RGB] else Photometric.MIN_IS_BLACK
    number = page.integer(Tag.PHOTOMETRIC_INTERPRETATION, default)
    try:
        return Photometric(number)
    except ValueError as error:
        raise _unsupported(f"in color model {OTHER_COLOR_MODELS.get(number, number)}") from error


def _bits_of(page: Directory, compression: Compression) -> int:
    bits = set(page.integers(Tag.BITS_PER_SAMPLE)) or {_EIGHT if compression in JPEGS else 1}
    if len(bits) > 1:
        raise _unsupported("with samples of different depths")
    return bits.pop()


def _format_of(page: Directory, photometric: Photometric) -> SampleFormat:
    formats = set(page.integers(Tag.SAMPLE_FORMAT)) or {int(SampleFormat.UNSIGNED)}
    if photometric in LABS and SampleFormat.FLOAT not in formats:  # they define it themselves
        return SampleFormat.UNSIGNED
    if len(formats) > 1 or not formats <= {int(each) for each in SampleFormat}:
        raise _unsupported("with samples of this format")
    return SampleFormat(formats.pop())


def _alpha_of(page: Directory, samples: int, colors: int) -> tuple[Alpha, int]:
    extra = page.integers(Tag.EXTRA_SAMPLES)[: samples - colors]
    for index, kind in enumerate(extra):
        if kind in {Alpha.ASSOCIATED.value, Alpha.STRAIGHT.value}:
            return Alpha(kind), samples - len(extra) + index
    return Alpha.NONE, 0


def _strip_rows(page: Directory, height_px: int, compression: Compression, planes: int) -> int:
    rows = page.integer(Tag.ROWS_PER_STRIP, height_px)
    is_single = planes == 1 and len(page.page.dataoffsets) == 1
    is_whole = compression in {Compression.NONE, Compression.OLD_JPEG} and is_single
    return height_px if rows < 1 or is_whole else min(rows, height_px)


def _subsampling_of(page: Directory, photometric: Photometric, compression: Compression) -> tuple[int, int]:
    if photometric is not Photometric.YCBCR or compression in JPEGS | {Compression.WEBP}:  # whose decoders handle it
        return 1, 1
    across, down = (*page.integers(Tag.YCBCR_SUBSAMPLING), 2, 2)[:2]  # 2 by default
    if across not in {1, 2, 4} or down not in {1, 2, 4}:
        raise UndecodablePicture
    return across, down


def _check_segments(layout: Layout) -> None:
    """Check the sizes of strips or tiles: one may be much larger than the picture, and is decoded completely."""
    if layout.segment_width_px < 1 or layout.segment_height_px < 1:
        raise UndecodablePicture
    check_pixels(layout.segment_width_px * layout.segment_height_px)
    across, down = layout.grid
    padded = across * down * layout.segment_width_px * layout.segment_height_px
    if padded > _PADDED * allowed_pixels():
        raise TooManyPixels(pixels=padded, pixels_max=allowed_pixels())
    if layout.segments > _SEGMENTS_MAX:
        raise _unsupported(f"with more than {_SEGMENTS_MAX} strips or tiles")
    one = layout.segment_bytes(layout.segment_height_px)
    if one > SEGMENT_BYTES_MAX or one * layout.segments > ALL_BYTES_MAX:
        raise _unsupported("with so many bytes a pixel")


def _check_kind(page: Directory, layout: Layout) -> None:  # noqa: C901, PLR0912  # one rule each
    is_float = layout.format is SampleFormat.FLOAT
    if layout.bits not in (_FLOAT_BITS if is_float else _INTEGER_BITS):
        raise _unsupported(f"with {layout.bits} {layout.format.name.lower()} bits a sample")
    if layout.predictor not in _PREDICTORS or (layout.predictor == FLOAT_PREDICTOR and not is_float):
        raise _unsupported(f"predictor {layout.predictor}")
    if layout.predictor != 1 and layout.bits not in _WHOLE_BITS:
        raise _unsupported(f"predictor {layout.predictor} with {layout.bits} bits a sample")
    if layout.compression in CCITT and (layout.bits, layout.channels) != (1, 1):
        raise UndecodablePicture
    if layout.compression in JPEGS and layout.bits not in {_EIGHT, _TWELVE}:
        raise _unsupported(f"compression JPEG with {layout.bits} bits")
    if layout.compression is Compression.WEBP and (layout.bits != _EIGHT or layout.channels not in {3, 4}):
        raise _unsupported("compression WebP of this kind")
    if page.integer(Tag.IMAGE_DEPTH, 1) > 1:
        raise _unsupported("of a volume")
    match layout.photometric:
        case Photometric.PALETTE if is_float or layout.bits > _SIXTEEN:
            raise _unsupported(f"palette with {layout.bits} bits")
        case Photometric.CMYK if page.integer(Tag.INK_SET, 1) != 1:
            raise _unsupported("in inks other than CMYK")
        case Photometric.YCBCR if layout.bits != _EIGHT and layout.compression not in JPEGS:
            raise _unsupported("YCbCr of this kind")
        case Photometric.YCBCR if layout.subsampling != (1, 1) and layout.is_planar:
            raise _unsupported("YCbCr of this kind")
        case Photometric.YCBCR if layout.subsampling != (1, 1) and layout.predictor != 1:
            raise _unsupported("YCbCr of this kind")
        case Photometric.YCBCR if layout.compression in JPEGS and layout.channels != layout.colors:
            raise _unsupported("YCbCr of this kind")
        case Photometric.CIE_LAB | Photometric.ICC_LAB if is_float or layout.bits not in {_EIGHT, _SIXTEEN}:
            raise _unsupported(f"in L*a*b* with {layout.bits} bits")
        case _:
            pass
