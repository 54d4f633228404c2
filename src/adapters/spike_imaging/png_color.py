"""A PNG's color encoding, by the precedence of the third edition: cICP, iCCP, sRGB, gAMA with cHRM.

Invalid chunks are ignored. Where the specification leaves a choice, Chrome is followed: cHRM without gAMA is ignored,
and gAMA without cHRM means sRGB if it is within a twentieth of 1/2.2. https://www.w3.org/TR/png-3/#11colorspace
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

from attrs import frozen

from spike_imaging.chromaticity import Primaries
from spike_imaging.cicp import BT709, PEAK_CD_M2, ColorEncoding, encoding_of_cicp, is_known
from spike_imaging.color import is_profile
from spike_imaging.icc import Curve, rgb_profile

_SIGNATURE_BYTES: Final = 8
_CHUNKS_MAX: Final = 1 << 20  # that are read; IDATs of a kilobyte each make a gigabyte
_IHDR_BYTES: Final = 13
_BIT_DEPTH: Final = 8  # index within IHDR
_BODY_BYTES_MAX: Final = 1 << 20  # of a chunk that is read here
_UNIT: Final = 100_000  # of gAMA and cHRM
_GAMMA_MIN, _GAMMA_MAX = 16, 625_000_000  # in units, as in libpng
_RENDERING_INTENTS: Final = frozenset({b"\0", b"\1", b"\2", b"\3"})  # bodies of sRGB
_SRGB_GAMMA: Final = 1 / 2.2
_TOLERANCE: Final = 0.05
_NITS: Final = 10_000  # units of cLLI and mDCV in a cd/m2
_COLOR_CHUNKS: Final = frozenset({b"cICP", b"sRGB", b"gAMA", b"cHRM", b"cLLI", b"mDCV"})
_READ: Final = _COLOR_CHUNKS | {b"IHDR", b"eXIf"}


@frozen(kw_only=True)
class PngFacts:
    """Information in a PNG's chunks."""

    bit_depth: int
    colors: Mapping[bytes, bytes]  # name and body of its color chunks except iCCP
    exif: bytes  # empty if there is none


def png_facts(data: bytes) -> PngFacts:
    """Return the information in a PNG's chunks; chunks with a wrong checksum are ignored."""
    bit_depth, exif, colors = 0, b"", dict[bytes, bytes]()
    has_pixels = False
    for name, body in _chunks(data):
        match name:
            case b"IHDR" if len(body) == _IHDR_BYTES:
                bit_depth = body[_BIT_DEPTH]
            case b"IDAT":
                has_pixels = True
            case b"eXIf":
                exif = exif or bytes(body)
            case _ if name in _COLOR_CHUNKS and not has_pixels:
                colors.setdefault(name, bytes(body))
    return PngFacts(bit_depth=bit_depth, colors=colors, exif=exif)


def png_encoding(colors: Mapping[bytes, bytes], *, profile: bytes) -> ColorEncoding:
    """Return a PNG's encoding, from its color chunks and the profile in its iCCP, empty if there is none."""
    cicp = colors.get(b"cICP", b"")
    if len(cicp) == 4 and is_known(cicp[0], cicp[1]) and tuple(cicp[2:]) == (0, 1):  # noqa: PLR2004  # RGB, full range
        return encoding_of_cicp(cicp[0], cicp[1], peak_cd_m2=_peak_cd_m2(colors))
    if profile and is_profile(profile):
        return ColorEncoding(profile=profile)
    if colors.get(b"sRGB") in _RENDERING_INTENTS:
        return ColorEncoding()
    return ColorEncoding(profile=_calibrated(colors))


def _calibrated(colors: Mapping[bytes, bytes]) -> bytes:
    """Return a profile for gAMA and cHRM; empty if they mean sRGB, or are missing."""
    if len(colors.get(b"gAMA", b"")) != 4:  # noqa: PLR2004
        return b""
    (units,) = struct.unpack(">I", colors[b"gAMA"])
    if not _GAMMA_MIN <= units <= _GAMMA_MAX:
        return b""
    gamma = units / _UNIT
    if len(colors.get(b"cHRM", b"")) == 32:  # noqa: PLR2004
        primaries = Primaries.of(*(value / _UNIT for value in struct.unpack(">8I", colors[b"cHRM"])))
        return rgb_profile(primaries, Curve(gamma=1 / gamma)) if primaries.span_a_space else b""
    if abs(gamma / _SRGB_GAMMA - 1) < _TOLERANCE:
        return b""
    return rgb_profile(BT709, Curve(gamma=1 / gamma))


def _peak_cd_m2(colors: Mapping[bytes, bytes]) -> float:
    """Return the brightest pixel's luminance from cLLI, otherwise the mastering display's maximum from mDCV."""
    light, display = colors.get(b"cLLI", b""), colors.get(b"mDCV", b"")
    if len(light) == 8 and (peak := int.from_bytes(light[:4]) / _NITS) > 0:  # noqa: PLR2004
        return peak
    if len(display) == 24 and (peak := int.from_bytes(display[16:20]) / _NITS) > 0:  # noqa: PLR2004
        return peak
    return PEAK_CD_M2


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the names and bodies of the chunks up to IEND; bodies that aren't needed are empty."""
    view, offset = memoryview(data), _SIGNATURE_BYTES
    for _ in range(_CHUNKS_MAX):
        if offset + 12 > len(data):
            return
        length, name = int.from_bytes(view[offset : offset + 4]), bytes(view[offset + 4 : offset + 8])
        end = offset + 12 + length
        if name == b"IEND" or end > len(data):
            return
        if name not in _READ or length > _BODY_BYTES_MAX:
            yield name, view[:0]
        elif zlib.crc32(view[offset + 4 : end - 4]) == int.from_bytes(view[end - 4 : end]):
            yield name, view[offset + 8 : end - 4]
        offset = end
