"""Files that define their colors by other means than an ICC profile, or have more than 8 bits per channel."""

import struct
import zlib
from functools import cache
from typing import Any, Final

import numpy as np
from imagecodecs import avif_encode, cms_profile
from numpy.typing import NDArray

from pictures import png_chunk

Samples = NDArray[np.uint8] | NDArray[np.uint16]
Chunk = tuple[bytes, bytes]

SRGB_XY: Final = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
P3_XY: Final = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
PRO_PHOTO_XY: Final = (0.3457, 0.3585, 0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001)
_COLOR_TYPES: Final = {1: 0, 2: 4, 3: 2, 4: 6}  # of PNG, by channels
_ADAM7: Final = ((0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1))


def lattice() -> NDArray[np.uint8]:
    """Return 216 colors, evenly spread over the RGB cube, in 12 x 18 pixels."""
    steps = np.arange(0, 256, 51)
    return np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(12, 18, 3).astype(np.uint8)


def ramp(channels: int = 3) -> NDArray[np.uint8]:
    """Return the 256 tones of gray, 16 x 16; with 2 or 4 channels, opaque."""
    tones = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    opaque = np.full_like(tones, 255)
    return np.dstack([tones] * (channels - (channels + 1) % 2) + [opaque] * ((channels + 1) % 2))


def widened(samples: NDArray[np.uint8], bits: int) -> NDArray[np.uint16]:
    """Return 8-bit samples scaled to `bits` bits."""
    return (samples.astype(np.uint32) * ((1 << bits) - 1) // 255).astype(np.uint16)


def a_png(samples: Samples, *chunks: Chunk, trailing: tuple[Chunk, ...] = (), interlaced: bool = False) -> bytes:
    """Return a PNG of samples (height, width, channels) of 8 or 16 bits, with chunks before and after the pixels."""
    height, width, channels = samples.shape
    depth = samples.dtype.itemsize * 8
    passes = _ADAM7 if interlaced else ((0, 1, 0, 1),)
    parts = (samples[top::down, left::right] for top, down, left, right in passes)
    rows = b"".join(b"\0" + row.astype(f">u{depth // 8}").tobytes() for part in parts if part.size for row in part)
    header = struct.pack(">IIBBBBB", width, height, depth, _COLOR_TYPES[channels], 0, 0, int(interlaced))
    all_chunks = ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), *trailing, (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in all_chunks)


def gama(gamma: float) -> Chunk:
    """Return a gAMA chunk."""
    return b"gAMA", struct.pack(">I", round(gamma * 100_000))


def chrm(*coordinates: float) -> Chunk:
    """Return a cHRM chunk of x and y of white, red, green and blue."""
    return b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in coordinates))


def cicp(primaries: int, transfer: int, matrix: int = 0, full_range: int = 1) -> Chunk:
    """Return a cICP chunk of code points of H.273."""
    return b"cICP", bytes([primaries, transfer, matrix, full_range])


def iccp(profile: bytes) -> Chunk:
    """Return an iCCP chunk."""
    return b"iCCP", b"icc\0\0" + zlib.compress(profile)


def light_level(peak_cd_m2: int) -> Chunk:
    """Return a chunk with the maximum luminance, and half of it as the average."""
    return b"cLLI", struct.pack(">II", peak_cd_m2 * 10_000, peak_cd_m2 * 5_000)


def an_avif(samples: Samples, primaries: int, transfer: int, *, bits: int = 8, matrix: int = 0) -> bytes:
    """Return a lossless AVIF with an `nclx` box."""
    data = avif_encode(
        samples,
        level=100,
        speed=10,
        bitspersample=bits,
        pixelformat="444",
        codec="aom",
        primaries=primaries,
        transfer=transfer,
        matrix=matrix,
    )
    return bytes(data)


def with_nclx(avif: bytes, primaries: int, transfer: int) -> bytes:
    """Return an AVIF with other numbers in its `nclx` box."""
    place = avif.index(b"colrnclx") + 8
    return avif[:place] + struct.pack(">HH", primaries, transfer) + avif[place + 4 :]


@cache
def a_profile(*xy: float, gamma: float) -> bytes:
    """Return an RGB profile of these chromaticities, by LittleCMS."""
    profile: bytes = cms_profile("rgb", whitepoint=xy[:2], primaries=xy[2:], gamma=gamma)
    return profile


@cache
def a_gray_profile(*, gamma: float) -> bytes:
    """Return a gray profile, by LittleCMS."""
    profile: bytes = cms_profile("gray", whitepoint=(0.3457, 0.3585), gamma=gamma)
    return profile


@cache
def adobe_rgb() -> bytes:
    """Return a profile of Adobe RGB (1998), by LittleCMS: always the same, since each has its time in its header."""
    profile: bytes = cms_profile("adobergb")
    return profile


def srgb_of_light(light: Any) -> NDArray[np.float64]:
    """Return linear light of 0 to 1 as sRGB values of 0 to 255 (IEC 61966-2-1)."""
    light = np.clip(np.asarray(light, np.float64), 0, 1)
    return np.asarray(255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055))


def light_of_srgb(values: Any) -> NDArray[np.float64]:
    """Return sRGB values of 0 to 255 as linear light of 0 to 1."""
    value = np.asarray(values, np.float64) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def matrix_to_srgb(*xy: float) -> NDArray[np.float64]:
    """Return the matrix from linear RGB of these chromaticities to linear sRGB, its white adapted by Bradford."""
    return np.linalg.inv(_to_d50(SRGB_XY)) @ _to_d50(xy)


def _to_d50(xy: tuple[float, ...]) -> NDArray[np.float64]:
    points = np.array([(x / y, 1, (1 - x - y) / y) for x, y in zip(xy[::2], xy[1::2], strict=True)])
    white, columns = points[0], points[1:].T
    to_xyz = columns * np.linalg.solve(columns, white)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    gains = (bradford @ (0.9642, 1.0, 0.8249)) / (bradford @ white)
    adapted: NDArray[np.float64] = np.linalg.inv(bradford) @ np.diag(gains) @ bradford @ to_xyz
    return adapted
