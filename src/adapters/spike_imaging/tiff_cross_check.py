"""A second reader for TIFF, which shares no code with the first: Pillow's, based on libtiff.

It is used only for variants that it is known to read correctly, as tests/integration/pillow/test_tiff_cross_check.py
shows for each. The check of a result against its original must not share the errors of the reader that made the result.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from spike_core.domain.objects import PictureFormat
from spike_imaging.pillow_picture import PillowPicture
from spike_imaging.tiff_picture import TiffPicture
from spike_imaging.tiff_tags import Tag
from spike_imaging.tiff_terms import FLOAT_PREDICTOR, Alpha, Compression, Photometric, SampleFormat

_EIGHT, _SIXTEEN, _THIRTY_TWO = 8, 16, 32
_BYTE_MAX: Final = 255
_RANGE_TAGS: Final = frozenset(
    {Tag.S_MIN_SAMPLE_VALUE, Tag.S_MAX_SAMPLE_VALUE, Tag.MIN_SAMPLE_VALUE, Tag.MAX_SAMPLE_VALUE}
)
_COMPRESSIONS: Final = frozenset(
    {
        Compression.NONE,
        Compression.LZW,
        Compression.ADOBE_DEFLATE,
        Compression.DEFLATE,
        Compression.PACKBITS,
        Compression.CCITT_G3,
        Compression.CCITT_G4,
        Compression.JPEG,
        Compression.ZSTD,
        Compression.LZMA,
    }
)


@contextmanager
def second_opinion(data: bytes) -> Iterator[PillowPicture | TiffPicture]:
    """Open a TIFF with Pillow if Pillow reads its variant correctly, otherwise like `opened_picture`.

    Raises:
        UnacceptablePicture: see `opened_picture`.
        MemoryError: there is too little memory.
    """
    with TiffPicture.opened(data) as first:
        if not pillow_reads(first):
            yield first
            return
    with PillowPicture.opened(data, PictureFormat.TIFF) as second:
        yield second


def pillow_reads(picture: TiffPicture) -> bool:
    """Return whether Pillow is known to read a TIFF correctly: common ones with 8 bits, and bilevel pictures."""
    layout = picture.layout
    is_plain = layout.format is SampleFormat.UNSIGNED and layout.samples == len(layout.kept)
    if not _is_copied(picture) or not is_plain or layout.alpha is Alpha.ASSOCIATED:
        return False
    has_alpha = layout.alpha is not Alpha.NONE
    match layout.photometric:
        case Photometric.MIN_IS_WHITE | Photometric.MIN_IS_BLACK if layout.bits == 1:
            return not has_alpha
        case Photometric.MIN_IS_BLACK | Photometric.RGB:
            return layout.bits == _EIGHT
        case Photometric.CMYK:
            return layout.bits == _EIGHT and not has_alpha
        case Photometric.PALETTE:
            is_deep = max(picture.page.integers(Tag.COLOR_MAP), default=0) > _BYTE_MAX
            return layout.bits == _EIGHT and not has_alpha and is_deep
        case _:
            return False


def pillow_keeps(picture: TiffPicture) -> bool:
    """Return whether Pillow preserves a TIFF's values, even if it assigns other colors to them."""
    layout = picture.layout
    is_gray = layout.photometric is Photometric.MIN_IS_BLACK and layout.samples == 1
    is_gray_16 = layout.bits == _SIXTEEN and layout.format is SampleFormat.UNSIGNED
    is_real = layout.bits == _THIRTY_TWO and layout.format is SampleFormat.FLOAT
    states_range = any(tag in picture.page for tag in _RANGE_TAGS)  # they wouldn't be copied
    return pillow_reads(picture) or (_is_copied(picture) and is_gray and (is_gray_16 or is_real) and not states_range)


def _is_copied(picture: TiffPicture) -> bool:
    layout = picture.layout
    is_odd = layout.is_planar or layout.is_bit_reversed or layout.predictor == FLOAT_PREDICTOR
    return not is_odd and picture.is_only_page and layout.compression in _COMPRESSIONS
