"""Coding-independent code points: numbers for color spaces (ITU-T H.273), in PNG's `cICP` and in `nclx` boxes.

Both are interpreted as Chrome does. A `cICP` counts only if both its numbers are known, and the curve of BT.709 is that
of its displays, gamma 2.4 (ITU-R BT.1886). In an `nclx` box an unknown number means sRGB, and so does the curve of
video formats.
"""

import functools
from collections.abc import Mapping
from enum import Enum
from typing import Final

from attrs import frozen

from spike_imaging.chromaticity import Primaries
from spike_imaging.icc import Curve, rgb_profile

PEAK_CD_M2: Final = 1000.0  # default of HDR content: the level at which HLG, and most PQ content, is graded

_D65: Final = (0.3127, 0.3290)
_ILLUMINANT_C: Final = (0.310, 0.316)
BT709: Final = Primaries(_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
BT2020: Final = Primaries(_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
# table 2 of H.273
_SMPTE_C: Final = Primaries(_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
PRIMARIES: Final[Mapping[int, Primaries]] = {
    1: BT709,
    4: Primaries(_ILLUMINANT_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: Primaries(_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: _SMPTE_C,
    7: _SMPTE_C,
    8: Primaries(_ILLUMINANT_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: BT2020,
    10: Primaries((1 / 3, 1 / 3), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)),
    11: Primaries((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: Primaries(_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: Primaries(_D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
# table 3 of H.273, as functions to linear light
SRGB: Final = Curve(gamma=2.4, a=1 / 1.055, b=0.055 / 1.055, c=1 / 12.92, d=0.04045)
_BT1886: Final = Curve(gamma=2.4)
CURVES: Final[Mapping[int, Curve]] = {
    1: _BT1886,
    4: Curve(gamma=2.2),
    5: Curve(gamma=2.8),
    6: _BT1886,
    7: Curve(gamma=1 / 0.45, a=1 / 1.1115, b=0.1115 / 1.1115, c=1 / 4.0, d=0.0913),  # SMPTE ST 240
    8: Curve(gamma=1.0),
    11: _BT1886,  # IEC 61966-2-4, within 0 to 1
    13: SRGB,
    14: _BT1886,
    15: _BT1886,
    17: Curve(gamma=2.6, a=(52.37 / 48) ** (1 / 2.6)),  # SMPTE ST 428-1
}
_VIDEO: Final = frozenset({1, 6, 11, 14, 15})


class Signal(Enum):
    """The meaning of samples; the values of the HDR ones are H.273's transfer characteristics."""

    SDR = 0
    PQ = 16  # SMPTE ST 2084: display light in cd/m2
    HLG = 18  # ARIB STD-B67: scene light


@frozen(kw_only=True)
class ColorEncoding:
    """How samples are converted to colors."""

    profile: bytes = b""  # ICC profile; empty for sRGB, and for HDR, which is mapped to sRGB
    signal: Signal = Signal.SDR
    primaries: Primaries = BT709  # of HDR; those of SDR are in the profile
    peak_cd_m2: float = PEAK_CD_M2  # of HDR: its brightest pixel


def encoding_of_nclx(primaries: int, transfer: int, *, peak_cd_m2: float = PEAK_CD_M2) -> ColorEncoding:
    """Return the encoding in an `nclx` box of AVIF or HEIF (ISO/IEC 14496-12, 12.1.5).

    An unknown number means sRGB.
    """
    if transfer in _HDR:
        return _hdr(PRIMARIES.get(primaries, BT709), transfer, peak_cd_m2)
    curve = SRGB if transfer in _VIDEO else CURVES.get(transfer, SRGB)
    return ColorEncoding(profile=_profile(PRIMARIES.get(primaries, BT709), curve))


def is_known(primaries: int, transfer: int) -> bool:
    """Return whether both numbers are supported."""
    return primaries in PRIMARIES and (transfer in CURVES or transfer in _HDR)


def encoding_of_cicp(primaries: int, transfer: int, *, peak_cd_m2: float = PEAK_CD_M2) -> ColorEncoding:
    """Return the literal meaning of the two numbers, as in PNG's `cICP`; they must be known."""
    if transfer in _HDR:
        return _hdr(PRIMARIES[primaries], transfer, peak_cd_m2)
    return ColorEncoding(profile=_profile(PRIMARIES[primaries], CURVES[transfer]))


_HDR: Final = frozenset({Signal.PQ.value, Signal.HLG.value})


def _hdr(primaries: Primaries, transfer: int, peak_cd_m2: float) -> ColorEncoding:
    return ColorEncoding(signal=Signal(transfer), primaries=primaries, peak_cd_m2=peak_cd_m2)


@functools.lru_cache(maxsize=32)
def _profile(primaries: Primaries, curve: Curve) -> bytes:
    return b"" if (primaries, curve) == (BT709, SRGB) else rgb_profile(primaries, curve)
