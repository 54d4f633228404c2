"""Conversion of a TIFF page's samples to a picture, by color model (TIFF 6.0, sections 3 to 6, 18 to 23)."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from attrs import frozen
from PIL.Image import Image, frombuffer

from spike_core.domain.errors import UndecodablePicture
from spike_imaging.color import plain, to_srgb
from spike_imaging.high_bit_depth import cmyk_to_srgb8, to_8_bits, to_srgb8
from spike_imaging.tiff_codecs import Samples
from spike_imaging.tiff_directory import Directory
from spike_imaging.tiff_layout import Layout
from spike_imaging.tiff_tags import Tag
from spike_imaging.tiff_terms import JPEGS, Alpha, Photometric

_BAND_SAMPLES: Final = 1 << 20  # converted at once
_MODES: Final = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_INKS: Final = 4
_LUMA: Final = (0.299, 0.587, 0.114)  # default of YCbCrCoefficients: ITU-R BT.601
_FULL_RANGE: Final = (0.0, 255.0, 128.0, 255.0, 128.0, 255.0)  # of ReferenceBlackWhite, for YCbCr
_D50: Final = (0.9642, 1.0, 0.8249)
# XYZ at D50 to linear sRGB, adapted by Bradford's method (ICC.1:2022, annex E; IEC 61966-2-1)
_XYZ_TO_SRGB: Final = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)


@frozen(eq=False)
class Pixels:
    """A page's picture, and the ICC profile of its values; empty if they are sRGB."""

    image: Image
    profile: bytes


def pixels_of(samples: Samples, layout: Layout, page: Directory) -> Pixels:
    """Return the picture of a page's samples, which are only colors and alpha; they may be overwritten.

    Raises:
        UndecodablePicture: the page's color map or profile isn't in the file.
        MemoryError: there is too little memory.
    """
    profile = page.content(Tag.ICC_PROFILE)
    match layout.photometric:
        case Photometric.MIN_IS_WHITE:
            np.subtract(np.iinfo(samples.dtype).max, samples[..., 0], out=samples[..., 0])
        case Photometric.PALETTE:
            samples = _by_bands(samples, _ColorMap(page, layout))
        case Photometric.YCBCR if layout.compression not in JPEGS:
            samples = _by_bands(samples, _FromYCbCr(page))
        case Photometric.CIE_LAB | Photometric.ICC_LAB:
            samples = _by_bands(samples, _FromLab(layout))
            profile = b""
        case _:
            pass
    if layout.alpha is Alpha.ASSOCIATED:
        for band in _bands(samples):
            band[..., :-1] = _unmultiplied(band)
    if layout.photometric is Photometric.CMYK:
        return _pixels_of_inks(samples, profile)
    if samples.dtype == np.uint16:
        return Pixels(to_srgb8(samples, profile=profile), b"")
    return Pixels(plain(_image(samples, _MODES[samples.shape[2]])), profile)


def _pixels_of_inks(samples: Samples, profile: bytes) -> Pixels:
    inks, has_alpha = samples[..., :_INKS], samples.shape[2] > _INKS
    if samples.dtype == np.uint8 and not has_alpha:
        return Pixels(_image(samples, "CMYK"), profile)
    if samples.dtype == np.uint8:
        image = to_srgb(_image(inks, "CMYK"), profile=profile)
    else:
        image = cmyk_to_srgb8(inks, profile=profile)
    if has_alpha:
        alpha = samples[..., _INKS]
        image.putalpha(_image(alpha if alpha.dtype == np.uint8 else to_8_bits(alpha), "L"))
    return Pixels(plain(image), b"")


def _image(samples: Samples, mode: str) -> Image:
    height, width = samples.shape[:2]
    return frombuffer(mode, (width, height), np.ascontiguousarray(samples), "raw", mode, 0, 1)


def _bands(samples: Samples) -> Iterator[Samples]:
    """Yield views of rows that cover the samples from top to bottom."""
    step = max(1, _BAND_SAMPLES // (samples.shape[1] * samples.shape[2]))
    for top in range(0, samples.shape[0], step):
        yield samples[top : top + step]


def _by_bands(samples: Samples, convert: "_ColorMap | _FromYCbCr | _FromLab") -> Samples:
    """Return 8-bit samples in RGB, followed by alpha if there is any, converted band by band."""
    height, width, channels = samples.shape
    result = np.empty((height, width, channels - convert.channels + 3), np.uint8)
    for band, made in zip(_bands(samples), _split_as(samples, result), strict=True):
        made[..., :3] = convert(band[..., : convert.channels])
        if channels > convert.channels:
            alpha = band[..., -1]
            made[..., 3] = alpha if alpha.dtype == np.uint8 else to_8_bits(alpha)
    return result


def _split_as(samples: Samples, result: Samples) -> Iterator[Samples]:
    top = 0
    for band in _bands(samples):
        yield result[top : top + len(band)]
        top += len(band)


def _unmultiplied(band: Samples) -> Samples:
    top = int(np.iinfo(band.dtype).max)
    alpha = np.maximum(band[..., -1:].astype(np.uint32), 1)
    colors = (band[..., :-1].astype(np.uint32) * top + alpha // 2) // alpha
    straight: Samples = np.minimum(colors, top).astype(band.dtype)
    return straight


class _ColorMap:
    """A palette: 16-bit numbers by the standard; 8-bit ones if an old writer has omitted the upper halves."""

    channels: Final = 1

    def __init__(self, page: Directory, layout: Layout) -> None:
        size = 1 << layout.bits
        numbers = page.integers(Tag.COLOR_MAP)
        if len(numbers) < 3 * size:
            raise UndecodablePicture
        colors = np.array(numbers[: 3 * size], np.int64).reshape(3, size).T
        self._colors = (colors if colors.max() <= np.iinfo(np.uint8).max else colors >> 8).astype(np.uint8)

    def __call__(self, indices: Samples) -> Samples:
        colors: Samples = np.take(self._colors, indices[..., 0], axis=0)
        return colors


class _FromYCbCr:
    """Conversion of luma and chroma to RGB (TIFF 6.0, section 21)."""

    channels: Final = 3

    def __init__(self, page: Directory) -> None:
        self._luma = _numbers_or(page, Tag.YCBCR_COEFFICIENTS, _LUMA)
        self._range = _numbers_or(page, Tag.REFERENCE_BLACK_WHITE, _FULL_RANGE)
        blacks, whites = self._range[::2], self._range[1::2]
        if not all(self._luma) or any(black >= white for black, white in zip(blacks, whites, strict=True)):
            raise UndecodablePicture

    def __call__(self, samples: Samples) -> Samples:
        y_black, y_white, b_black, b_white, r_black, r_white = self._range
        red, green, blue = self._luma
        y = (samples[..., 0].astype(np.float32) - y_black) * (255 / (y_white - y_black))
        cb = (samples[..., 1].astype(np.float32) - b_black) * (127 / (b_white - b_black))
        cr = (samples[..., 2].astype(np.float32) - r_black) * (127 / (r_white - r_black))
        r = cr * (2 - 2 * red) + y
        b = cb * (2 - 2 * blue) + y
        g = (y - blue * b - red * r) / green
        colors: Samples = np.rint(np.clip(np.stack((r, g, b), axis=-1), 0, 255)).astype(np.uint8)
        return colors


class _FromLab:
    """Conversion of CIE L*a*b* at D50, encoded by CIE or ICC, to sRGB (TIFF 6.0, section 23; TIFF technical note 4)."""

    channels: Final = 3

    def __init__(self, layout: Layout) -> None:
        self._is_icc = layout.photometric is Photometric.ICC_LAB

    def __call__(self, samples: Samples) -> Samples:
        is_deep = samples.dtype == np.uint16
        unit = 256.0 if is_deep else 1.0  # of a* and b*
        white = (65280.0 if self._is_icc else 65535.0) if is_deep else 255.0
        lightness = samples[..., 0].astype(np.float32) * (100 / white)
        if self._is_icc:
            chroma = samples[..., 1:].astype(np.float32) / unit - 128
        else:
            chroma = samples[..., 1:].astype(samples.dtype).view(f"i{samples.itemsize}").astype(np.float32) / unit
        y = (lightness + 16) / 116
        cubes = np.stack((y + chroma[..., 0] / 500, y, y - chroma[..., 1] / 200), axis=-1)
        xyz = np.where(cubes > 6 / 29, cubes**3, (cubes - 4 / 29) * (3 * (6 / 29) ** 2)) * np.array(_D50, np.float32)
        linear = np.clip(xyz @ np.array(_XYZ_TO_SRGB, np.float32).T, 0, 1)
        curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)  # noqa: PLR2004
        colors: Samples = np.rint(curved * 255).astype(np.uint8)
        return colors


def _numbers_or(page: Directory, tag: int, default: tuple[float, ...]) -> tuple[float, ...]:
    numbers = page.numbers(tag)
    return numbers[: len(default)] if len(numbers) >= len(default) else default
