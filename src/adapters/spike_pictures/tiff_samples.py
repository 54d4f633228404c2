"""From a TIFF segment's bytes to samples of 8 or 16 bits that use their whole range (TIFF 6.0, sections 14, 19).

The scale: of unsigned samples the lowest number of their bits is black and the highest white; of signed ones too, the
most negative is black. Of real numbers 0 is black and 1 white. Signed and real ones may state another range by
SMinSampleValue and SMaxSampleValue, or MinSampleValue and MaxSampleValue; what is beyond it is clipped. Infinite
numbers and those that are none are refused.
"""

from collections.abc import Iterator
from typing import Any, Final

import imagecodecs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from spike_core.domain.errors import UndecodablePicture
from spike_pictures.tiff_directory import ByteOrder, Directory
from spike_pictures.tiff_layout import Layout
from spike_pictures.tiff_tags import Tag
from spike_pictures.tiff_terms import FLOAT_PREDICTOR, Photometric, SampleFormat

Samples = NDArray[Any]  # of the type that its layout implies

_BAND_SAMPLES: Final = 1 << 20  # unpacked at once
_RANGE_TAGS: Final = (
    (Tag.S_MIN_SAMPLE_VALUE, Tag.S_MAX_SAMPLE_VALUE),
    (Tag.MIN_SAMPLE_VALUE, Tag.MAX_SAMPLE_VALUE),
)
_EIGHT, _SIXTEEN, _FLOAT24 = 8, 16, 24
_TOP8, _TOP16 = 255, 65535


@frozen
class ValueRange:
    """Which numbers are black and white, of the colors and of alpha; equal where the tags state none."""

    color: tuple[float, float] = (0.0, 0.0)
    alpha: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of(cls, page: Directory, layout: Layout) -> "ValueRange":
        """Return the range that a page's tags state of signed or real numbers.

        Raises:
            UndecodablePicture: the tags' values aren't in the file.
        """
        if layout.format not in {SampleFormat.SIGNED, SampleFormat.FLOAT}:
            return cls()  # there they are statistics (TIFF 6.0, section 8)
        for low_tag, high_tag in _RANGE_TAGS:
            lows, highs = page.numbers(low_tag), page.numbers(high_tag)
            if not highs:
                continue
            lows = lows or (0.0,)
            low, high = min(lows[: layout.colors]), max(highs[: layout.colors])
            if np.isfinite(low) and np.isfinite(high) and low < high:
                alpha = _own_range(lows, highs, layout)
                return cls(color=(low, high), alpha=alpha)
        return cls()


def _own_range(lows: tuple[float, ...], highs: tuple[float, ...], layout: Layout) -> tuple[float, float]:
    """Return what the tags state of alpha alone."""
    if len(lows) == len(highs) == layout.samples and lows[layout.alpha_index] < highs[layout.alpha_index]:
        return lows[layout.alpha_index], highs[layout.alpha_index]
    return 0.0, 0.0


def result_type(layout: Layout) -> type[np.uint8 | np.uint16]:
    """Return the type of the samples that `scaled` yields."""
    return np.uint16 if layout.is_deep else np.uint8


def unpacked(
    raw: bytes | memoryview, layout: Layout, byte_order: ByteOrder, *, rows: int
) -> Iterator[tuple[int, Samples]]:
    """Yield a segment's samples in bands: the first row, and an array of rows, columns and channels.

    Integers are unsigned, signed ones with their sign bit flipped, so that the lowest is 0.
    """
    width, channels = layout.segment_width_px, layout.channels
    row_bytes = layout.row_bytes(width)
    band_rows = max(1, _BAND_SAMPLES // (width * channels))
    for top in range(0, rows, band_rows):
        count = min(band_rows, rows - top)
        band = memoryview(raw)[top * row_bytes : (top + count) * row_bytes]
        if layout.format is SampleFormat.FLOAT:
            numbers = _real_numbers(band, layout, byte_order, (count, width, channels))
        else:
            numbers = _integers(band, layout, byte_order, (count, width, channels))
        yield top, numbers


def scaled(numbers: Samples, layout: Layout, stated: tuple[float, float]) -> Samples:
    """Return samples as 8 or 16 bits, `stated` being the tags' range for them, or (0, 0).

    Raises:
        UndecodablePicture: real numbers aren't finite.
    """
    if layout.format is SampleFormat.FLOAT:
        return _stretched(numbers, stated if stated[0] < stated[1] else (0.0, 1.0))
    if layout.photometric is Photometric.PALETTE:
        return numbers
    bits = layout.bits
    if layout.format is SampleFormat.SIGNED and stated[0] < stated[1]:
        signed = numbers.astype(np.float64) - float(1 << (bits - 1))
        stretched = _stretched(signed, stated)
        return stretched if layout.is_deep else (stretched >> _EIGHT).astype(np.uint8)
    if bits in {_EIGHT, _SIXTEEN}:
        return numbers
    exact: Samples
    if bits > _SIXTEEN:
        exact = np.right_shift(numbers, numbers.dtype.type(bits - _SIXTEEN))
    else:
        top = (1 << bits) - 1
        goal = np.uint32(_TOP16 if layout.is_deep else _TOP8)
        exact = (numbers.astype(np.uint32) * goal + np.uint32(top // 2)) // np.uint32(top)
    return exact.astype(result_type(layout))


def _stretched(numbers: Samples, stated: tuple[float, float]) -> Samples:
    low, high = stated
    with np.errstate(all="ignore"):
        wide = numbers.astype(np.float64)
        if not np.isfinite(wide).all():
            raise UndecodablePicture
        return np.rint(np.clip((wide - low) / (high - low), 0.0, 1.0) * _TOP16).astype(np.uint16)


def _integers(band: memoryview, layout: Layout, byte_order: ByteOrder, shape: tuple[int, int, int]) -> Samples:
    bits = layout.bits
    numbers: Samples
    if bits in {8, 16, 32, 64}:
        kind = np.dtype(f"u{bits // 8}")
        numbers = np.frombuffer(band, kind.newbyteorder(byte_order)).astype(kind, copy=False).reshape(shape)
    elif bits == 24:  # noqa: PLR2004  # whole bytes, so in the file's order
        threes = np.frombuffer(band, np.uint8).reshape(-1, 3)
        fours = np.zeros((len(threes), 4), np.uint8)
        fours[:, 1:] = threes if byte_order == ">" else threes[:, ::-1]
        numbers = fours.view(">u4").astype(np.uint32).reshape(shape)
    else:  # packed from the highest bit on, in any byte order
        kind = np.dtype(np.uint8 if bits < _EIGHT else np.uint16)
        numbers = imagecodecs.packints_decode(bytes(band), kind, bits, runlen=shape[1] * shape[2]).reshape(shape)
    if layout.predictor > 1:
        numbers = np.cumsum(numbers, axis=1, dtype=numbers.dtype)
        if bits not in {8, 16, 32, 64}:
            numbers &= numbers.dtype.type((1 << bits) - 1)
    if layout.format is SampleFormat.SIGNED and layout.photometric is not Photometric.PALETTE:
        numbers = numbers ^ numbers.dtype.type(1 << (bits - 1))
    return numbers


def _real_numbers(band: memoryview, layout: Layout, byte_order: ByteOrder, shape: tuple[int, int, int]) -> Samples:
    size_bytes = layout.bits // 8
    if layout.predictor == FLOAT_PREDICTOR:
        band, byte_order = memoryview(_unpredicted(band, shape, size_bytes)), ">"
    numbers: Samples
    if layout.bits == _FLOAT24:
        numbers = imagecodecs.float24_decode(bytes(band), byteorder=byte_order)
    else:
        numbers = np.frombuffer(band, f"{byte_order}f{size_bytes}")
        if layout.predictor == 2:  # noqa: PLR2004  # differences of the bits, as if they were integers
            whole = numbers.view(f"{byte_order}u{size_bytes}").astype(f"u{size_bytes}").reshape(shape)
            numbers = np.cumsum(whole, axis=1, dtype=whole.dtype).view(f"f{size_bytes}")
    return numbers.reshape(shape)


def _unpredicted(band: memoryview, shape: tuple[int, int, int], size_bytes: int) -> bytes:
    """Undo the floating point predictor: bytes by weight, highest first, and differences (TIFF technical note 3)."""
    rows, width, channels = shape
    differences = np.frombuffer(band, np.uint8).reshape(rows, -1, channels)
    planes = np.cumsum(differences, axis=1, dtype=np.uint8).reshape(rows, size_bytes, width * channels)
    return planes.transpose(0, 2, 1).tobytes()
