"""High dynamic range, PQ and HLG, mapped to sRGB for a screen without headroom.

The curve is the reference white tone mapping operator of SMPTE ST 2094-50, annex D, which Chrome uses for such
pictures. It maps reference white, 203 cd/m2 (ITU-R BT.2408), to half of the light, and continues to the content's peak
with a quadratic Bezier curve. All three channels get the gain of the largest, in linear BT.2020, so hues are kept; what
is outside sRGB's gamut then is clipped. Import this module only for such pictures: numpy takes a while to load.
"""

import functools
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image, fromarray, new

from spike_imaging.chromaticity import Matrix, Primaries, inverse, product
from spike_imaging.cicp import BT709, BT2020, PEAK_CD_M2, ColorEncoding, Signal
from spike_imaging.high_bit_depth import ChannelTables, Light, Samples, encoded_srgb, has_alpha, strips, to_8_bits

REFERENCE_WHITE_CD_M2: Final = 203.0
_PQ_CD_M2: Final = 10_000.0  # of a PQ sample of 1
_HLG_CD_M2: Final = 1000.0  # of an HLG sample of 1, on the display for which it is graded
_HLG_GAMMA: Final = 1.2  # system gamma of that display (ITU-R BT.2100, table 5)
_BT2020_LUMA: Final = np.array((0.2627, 0.6780, 0.0593), np.float32)
_KAPPA: Final = 0.65  # position of the Bezier curve's middle point on the tangent
_POINTS: Final = 8  # of the Bezier curve
_STEPS: Final = 1 << 12
_LEVELS: Final = 1 << 16
_TINY: Final = 1e-6


def tone_mapped(samples: Samples, encoding: ColorEncoding) -> Image:
    """Return HDR samples as an RGB picture in sRGB, or as RGBA if a pixel isn't opaque.

    `samples` is as for `spike_imaging.high_bit_depth.to_srgb8`.

    Memory: some ten megabytes in addition to samples and picture.

    Raises:
        MemoryError: there is too little memory.
    """
    height, width, channels = samples.shape
    is_translucent = has_alpha(samples)
    colors = samples[..., : 3 if channels > 2 else 1]  # noqa: PLR2004  # gray, gray and alpha, RGB, RGBA
    tables = _bt2020_tables(encoding)
    to_srgb = _matrix(BT2020, BT709)
    picture = new("RGBA" if is_translucent else "RGB", (width, height))
    for rows in strips(samples):
        strip = colors[rows] if colors.shape[2] > 1 else np.repeat(colors[rows], 3, axis=2)
        light = np.maximum(tables.light_of(strip), 0)
        if encoding.signal is Signal.HLG:
            light = _displayed(light)
        brightest = light.max(axis=2, keepdims=True)
        light *= _gains(brightest, encoding.peak_cd_m2)
        shown = encoded_srgb(light @ to_srgb)
        if is_translucent:
            shown = np.dstack((shown, to_8_bits(samples[rows, :, -1])))
        picture.paste(fromarray(shown), (0, rows.start))
    return picture


def _bt2020_tables(encoding: ColorEncoding) -> ChannelTables:
    """Return what each channel contributes to the light of a pixel in BT.2020."""
    light, matrix = _light_of(encoding.signal)[:, np.newaxis], _matrix(encoding.primaries, BT2020)
    return ChannelTables(light * matrix[0], light * matrix[1], light * matrix[2])


@functools.lru_cache(maxsize=2)
def _light_of(signal: Signal) -> Light:
    """Return the light of each 16-bit sample: reference white is 1; for HLG, scene light of at most 1."""
    values = np.linspace(0, 1, _LEVELS)
    if signal is Signal.PQ:  # ITU-R BT.2100, table 4
        power = values ** (1 / 78.84375)
        light = (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
        return (light * (_PQ_CD_M2 / REFERENCE_WHITE_CD_M2)).astype(np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073  # ITU-R BT.2100, table 5
    return np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12).astype(np.float32)  # noqa: PLR2004


def _displayed(scene: Light) -> Light:
    """Return the display light of HLG's scene light (the OOTF of ITU-R BT.2100, table 5)."""
    luma = np.maximum(scene @ _BT2020_LUMA, np.float32(_TINY))[..., np.newaxis]
    gain: Light = luma ** np.float32(_HLG_GAMMA - 1) * np.float32(_HLG_CD_M2 / REFERENCE_WHITE_CD_M2)
    return scene * gain


def _gains(light: Light, peak_cd_m2: float) -> Light:
    """Return the factor that brings each light, of 0 or more, into 0 to 1."""
    peak = min(peak_cd_m2, _PQ_CD_M2) / REFERENCE_WHITE_CD_M2
    if peak <= 1:
        return np.minimum(1 / np.maximum(light, 1), 1)
    points, gains = _curve(peak)
    gain = np.interp(light, points, gains)  # constant below the first point
    return np.where(light > peak, 1 / np.maximum(light, 1), gain).astype(np.float32)


@functools.lru_cache(maxsize=2)
def _curve(peak: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return light, from reference white to the peak, and its gain (SMPTE ST 2094-50, annex D, formulas D.1 to D.5).

    The Bezier curve has eight points; between them the gain's logarithm is a cubic Hermite spline.
    """
    white = 1 - 0.5 * min(math.log2(peak) / math.log2(PEAK_CD_M2 / REFERENCE_WHITE_CD_M2), 1)
    x_middle = (1 - _KAPPA) + _KAPPA / white
    y_middle = (1 - _KAPPA) * white + _KAPPA
    t = np.linspace(0, 1, _POINTS)
    x = 1 + t * (2 * (x_middle - 1) + t * (1 - 2 * x_middle + peak))
    y = white + t * (2 * (y_middle - white) + t * (white - 2 * y_middle + 1))
    slope = (2 * t * (white - 2 * y_middle + 1) + 2 * (y_middle - white)) / (
        2 * t * (1 - 2 * x_middle + peak) + 2 * (x_middle - 1)
    )
    height, rise = np.log2(y / x), (x * slope - y) / (math.log(2) * x * y)
    light = np.linspace(1, peak, _STEPS)
    left = np.clip(np.searchsorted(x, light, side="right") - 1, 0, _POINTS - 2)
    width = x[left + 1] - x[left]
    u = (light - x[left]) / width
    exponent = (
        (1 + 2 * u) * (1 - u) ** 2 * height[left]
        + u * (1 - u) ** 2 * width * rise[left]
        + u**2 * (3 - 2 * u) * height[left + 1]
        + u**2 * (u - 1) * width * rise[left + 1]
    )
    return light, 2**exponent


def _matrix(source: Primaries, target: Primaries) -> Light:
    """Return the matrix for multiplying linear pixels as row vectors."""
    matrix: Matrix = product(inverse(target.to_xyz_d50()), source.to_xyz_d50())
    return np.array(matrix, np.float32).T
