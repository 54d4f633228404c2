"""Scaling of a TIFF segment's numbers to the full range of 8 or 16 bits (TIFF 6.0, section 19).

Of unsigned and signed samples the lowest number of their bits is black and the highest white. Of real numbers 0 is
black and 1 white. The tags of signed and real ones may specify another range, by SMinSampleValue and SMaxSampleValue,
or MinSampleValue and MaxSampleValue; values beyond it are clipped. Infinity and NaN are rejected.
"""

from typing import Final

import numpy as np
from attrs import frozen

from spike_core.domain.errors import UndecodablePicture
from spike_imaging.tiff_codecs import Samples
from spike_imaging.tiff_directory import Directory
from spike_imaging.tiff_layout import Layout
from spike_imaging.tiff_tags import Tag
from spike_imaging.tiff_terms import Photometric, SampleFormat

_RANGE_TAGS: Final = (
    (Tag.S_MIN_SAMPLE_VALUE, Tag.S_MAX_SAMPLE_VALUE),
    (Tag.MIN_SAMPLE_VALUE, Tag.MAX_SAMPLE_VALUE),
)
_EIGHT, _SIXTEEN = 8, 16
_TOP8, _TOP16 = 255, 65535


@frozen
class ValueRange:
    """The numbers that are black and white, of the colors and of alpha; equal if the tags specify none."""

    color: tuple[float, float] = (0.0, 0.0)
    alpha: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of(cls, page: Directory, layout: Layout) -> "ValueRange":
        """Return the range that a page's tags specify for signed or real numbers.

        Raises:
            UndecodablePicture: the tags' values aren't in the file.
        """
        if layout.format not in {SampleFormat.SIGNED, SampleFormat.FLOAT}:
            return cls()  # for unsigned samples they are statistics (TIFF 6.0, section 8)
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
    """Return the range that the tags specify for alpha."""
    if len(lows) == len(highs) == layout.samples and lows[layout.alpha_index] < highs[layout.alpha_index]:
        return lows[layout.alpha_index], highs[layout.alpha_index]
    return 0.0, 0.0


def result_type(layout: Layout) -> type[np.uint8 | np.uint16]:
    """Return the type of the samples that `scaled` returns."""
    return np.uint16 if layout.is_deep else np.uint8


def scaled(numbers: Samples, layout: Layout, stated: tuple[float, float]) -> Samples:
    """Return samples as 8 or 16 bits; `stated` is the tags' range for them, or (0, 0).

    Raises:
        UndecodablePicture: real numbers aren't finite.
    """
    if layout.format is SampleFormat.FLOAT:
        return _stretched(numbers, stated if stated[0] < stated[1] else (0.0, 1.0))
    bits, is_signed = layout.bits, layout.format is SampleFormat.SIGNED
    numbers = _of_24_bits(numbers) if numbers.dtype.names else numbers.view(f"u{numbers.itemsize}")
    if layout.photometric is Photometric.PALETTE:
        return numbers
    if is_signed and stated[0] < stated[1]:
        stretched = _stretched(_sign_extended(numbers, bits), stated)
        return stretched if layout.is_deep else (stretched >> _EIGHT).astype(np.uint8)
    if is_signed:
        numbers = numbers ^ numbers.dtype.type(1 << (bits - 1))  # so that the lowest is 0
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


def _of_24_bits(octets: Samples) -> Samples:
    numbers: Samples = octets["high"].astype(np.uint32) << _EIGHT | octets["low"]
    return numbers


def _sign_extended(numbers: Samples, bits: int) -> Samples:
    spare = numbers.itemsize * 8 - bits
    return (numbers << spare).view(f"i{numbers.itemsize}") >> spare


def _stretched(numbers: Samples, stated: tuple[float, float]) -> Samples:
    low, high = stated
    with np.errstate(all="ignore"):
        wide = numbers.astype(np.float64)
        if not np.isfinite(wide).all():
            raise UndecodablePicture
        return np.rint(np.clip((wide - low) / (high - low), 0.0, 1.0) * _TOP16).astype(np.uint16)
