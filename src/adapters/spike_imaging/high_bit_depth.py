"""16-bit samples, converted to sRGB in full precision and rounded once to 8 bits.

Import this module only for pictures with such samples: numpy and LittleCMS take a while to load.
"""

import functools
from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
from attrs import evolve, frozen
from imagecodecs import CMS, CmsError, cms_transform
from numpy.typing import NDArray
from PIL.Image import Image, fromarray, new

from spike_imaging.cicp import BT709
from spike_imaging.color import RGB_SPACE, SPACE_OF_DATA, srgb_profile
from spike_imaging.icc import Curve, rgb_profile

Samples: TypeAlias = NDArray[np.uint16]
Bytes: TypeAlias = NDArray[np.uint8]
Light: TypeAlias = NDArray[np.float32]

_STRIP_SAMPLES: Final = 1 << 21  # converted at once
# otherwise LittleCMS replaces a profile by a coarse lattice of colors, with errors up to 10 of 255 at the gamut's edge
_FLAGS: Final = CMS.FLAGS.BLACKPOINTCOMPENSATION | CMS.FLAGS.NOCACHE | CMS.FLAGS.NOOPTIMIZE
_LEVELS: Final = 1 << 16
_TABLE_PIXELS_MIN: Final = 1 << 14  # of a strip for which tables are worthwhile
_LATTICE_SIDE: Final = 6
_SUM_GAP_MAX: Final = 2e-5  # of light; a seventieth of a value in the shadows, where values are densest
_STEP: Final = 257  # between two 8-bit values, in 16 bits: 65535 / 255
_OPAQUE_MIN: Final = 255 * _STEP - _STEP // 2  # rounds to an opaque 255
_WITH_ALPHA: Final = (2, 4)  # channels
_ALL_TONES: Final = np.arange(_LEVELS, dtype=np.uint16).reshape(1, -1)


def to_srgb8(samples: Samples, *, profile: bytes = b"") -> Image:
    """Return samples as an RGB picture in sRGB, or as RGBA if a pixel isn't opaque.

    `samples` has the shape (height, width, channels): 1 for gray, 2 for gray and alpha, 3 for RGB, 4 for RGB and alpha;
    alpha is straight, 65535 is white and opaque. `profile` is their ICC profile, empty for sRGB; one that is broken or
    made for another color model counts as sRGB. Gray may have an RGB profile. The rendering intent is relative
    colorimetric, with black point compensation.

    Memory: a few megabytes in addition to samples and picture.

    Raises:
        MemoryError: there is too little memory.
    """
    height, width, channels = samples.shape
    is_translucent = has_alpha(samples)
    colors = samples[..., :-1] if channels in _WITH_ALPHA else samples
    picture = new("RGBA" if is_translucent else "RGB", (width, height))
    is_gray = colors.shape[2] == 1
    for rows in strips(samples):
        strip = _converted(colors[rows], profile, "gray" if is_gray else "rgb")
        if is_translucent:
            strip = np.dstack((strip, to_8_bits(samples[rows, :, -1])))
        picture.paste(fromarray(strip), (0, rows.start))
    return picture


def cmyk_to_srgb8(samples: Samples, *, profile: bytes = b"") -> Image:
    """Return samples of the shape (height, width, 4), cyan, magenta, yellow and black, as an RGB picture in sRGB.

    65535 is full ink. `profile` is as for `to_srgb8`; without one the inks are ideal.

    Raises:
        MemoryError: there is too little memory.
    """
    height, width, _ = samples.shape
    picture = new("RGB", (width, height))
    for rows in strips(samples):
        picture.paste(fromarray(_converted(samples[rows], profile, "cmyk")), (0, rows.start))
    return picture


def to_8_bits(samples: Samples) -> Bytes:
    """Return 16-bit samples rounded to 8 bits."""
    return ((samples.astype(np.uint32) + _STEP // 2) // _STEP).astype(np.uint8)


def has_alpha(samples: Samples) -> bool:
    """Return whether samples with 1 to 4 channels have alpha that isn't opaque everywhere."""
    return samples.shape[2] in _WITH_ALPHA and int(samples[..., -1].min()) < _OPAQUE_MIN


def strips(samples: Samples) -> Iterator[slice]:
    """Yield slices of rows that cover the samples from top to bottom."""
    height, width, channels = samples.shape
    step = max(1, _STRIP_SAMPLES // (width * channels))
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


def _converted(colors: Samples, profile: bytes, space: str) -> Bytes:
    """Return samples without alpha, in LittleCMS's color space `gray`, `rgb` or `cmyk`, as RGB in sRGB."""
    if space == "gray" and profile[SPACE_OF_DATA] == RGB_SPACE:
        colors, space = np.repeat(colors, 3, axis=2), "rgb"
    if profile:
        try:
            if space == "gray":
                return np.take(_transformed(_ALL_TONES, profile, space)[0], colors[..., 0], axis=0)
            if space == "rgb" and colors.shape[0] * colors.shape[1] > _TABLE_PIXELS_MIN:
                tables = _tables_of(profile)
                if tables.add_up:
                    return encoded_srgb(tables.light_of(colors))
            return _transformed(colors, profile, space)
        except CmsError:  # broken, or for another color model
            pass
    if space == "cmyk":
        return np.asarray(fromarray(to_8_bits(colors), "CMYK").convert("RGB"))
    return np.repeat(to_8_bits(colors), 3 // colors.shape[2], axis=2)


@frozen(eq=False)
class ChannelTables:
    """The contribution of each channel's values to a pixel's light, as rows of linear RGB in sRGB or another space."""

    red: Light
    green: Light
    blue: Light
    add_up: bool = True  # if a profile is curves and a matrix; contributions don't add up if it is a lattice of colors

    def light_of(self, colors: Samples) -> Light:
        """Return the linear light of samples of the shape (…, 3)."""
        light = np.take(self.red, colors[..., 0], axis=0)
        light += np.take(self.green, colors[..., 1], axis=0)
        light += np.take(self.blue, colors[..., 2], axis=0)
        return light


def encoded_srgb(light: Light) -> Bytes:
    """Return linear light as sRGB values; it is clipped to 0 to 1 in place."""
    light *= _LEVELS - 1
    light += np.float32(0.5)
    np.clip(light, 0, _LEVELS - 1, out=light)
    return np.take(_srgb_of_light(), light.astype(np.uint16))


@functools.cache
def _srgb_of_light() -> Bytes:
    """Return the 8-bit value of each 16-bit step of light (IEC 61966-2-1)."""
    light = np.linspace(0, 1, _LEVELS)
    values = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)  # noqa: PLR2004
    return np.round(255 * values).astype(np.uint8)


@functools.lru_cache(maxsize=2)
def _tables_of(profile: bytes) -> ChannelTables:
    """Return each channel's contributions under an RGB profile, and whether they add up, by converting with LittleCMS.

    Converting each pixel instead would take four times as long.

    Raises:
        CmsError: the profile is broken, or isn't for RGB.
    """
    axes = np.zeros((3, _LEVELS, 3), np.float32)
    for channel in range(3):
        axes[channel, :, channel] = np.linspace(0, 1, _LEVELS)
    red, green, blue = _linear(axes, profile)
    black = red[0].copy()
    tables = ChannelTables(red, green - black, blue - black)
    steps = np.linspace(0, _LEVELS - 1, _LATTICE_SIDE).astype(np.uint16)
    lattice = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(1, -1, 3)
    expected = _linear((lattice / np.float32(_LEVELS - 1)).astype(np.float32), profile)
    return evolve(tables, add_up=bool(np.abs(tables.light_of(lattice) - expected).max() < _SUM_GAP_MAX))


def _linear(colors: Light, profile: bytes) -> Light:
    """Return colors of 0 to 1 in linear sRGB, which may be below 0 and above 1."""
    linear: Light = cms_transform(
        colors,
        profile,
        rgb_profile(BT709, Curve(gamma=1.0)),
        colorspace="rgb",
        outcolorspace="rgb",
        outdtype=np.float32,
        intent=CMS.INTENT.RELATIVE_COLORIMETRIC,
        flags=_FLAGS,
    )
    return linear


def _transformed(colors: Samples, profile: bytes, space: str) -> Bytes:
    """Convert samples to sRGB; raise `CmsError` if the profile isn't for this color space."""
    transformed: Bytes = cms_transform(
        colors,
        profile,
        srgb_profile(),
        colorspace=space,
        outcolorspace="rgb",
        outdtype=np.uint8,
        intent=CMS.INTENT.RELATIVE_COLORIMETRIC,
        flags=_FLAGS,
    )
    return transformed
