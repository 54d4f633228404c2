"""Samples of 16 bits: converted to sRGB as they are, and rounded once to 8 bits.

Import this module only where a picture has such samples: numpy and LittleCMS take a while to load.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from imagecodecs import CMS, CmsError, cms_transform
from numpy.typing import NDArray
from PIL.Image import Image, fromarray, new

from spike_pictures.colour import srgb_profile

Samples = NDArray[np.uint16]
Bytes = NDArray[np.uint8]

_STRIP_SAMPLES: Final = 1 << 21  # converted at once
_FLAGS: Final = CMS.FLAGS.BLACKPOINTCOMPENSATION | CMS.FLAGS.NOCACHE
_STEP: Final = 257  # between two 8-bit values, in 16 bits: 65535 / 255
_OPAQUE_MIN: Final = 255 * _STEP - _STEP // 2  # rounds to an opaque 255
_HAS_ALPHA: Final = {1: False, 2: True, 3: False, 4: True}
_ALL_TONES: Final = np.arange(1 << 16, dtype=np.uint16).reshape(1, -1)
_RGB_SPACE: Final = b"RGB "
_SPACE_OF_DATA: Final = slice(16, 20)  # of an ICC profile: the signature of its data color space (ICC.1:2022, 7.2.6)


def to_srgb8(samples: Samples, *, profile: bytes = b"") -> Image:
    """Return samples as an RGB picture in sRGB, or as RGBA where some pixel isn't opaque.

    `samples` has the shape (height, width, channels): 1 for gray, 2 for gray and alpha, 3 for RGB, 4 for RGB and alpha;
    alpha is straight, 65535 is white and opaque. `profile` is their ICC profile, empty for sRGB; one that is broken or
    made for another color model counts as sRGB. Gray may have an RGB profile. Relative colorimetric, with black point
    compensation.

    Memory: a few megabytes beside the samples and the picture.

    Raises:
        MemoryError: there is too little.
    """
    height, width, channels = samples.shape
    has_alpha = _HAS_ALPHA[channels] and int(samples[..., -1].min()) < _OPAQUE_MIN
    colors = samples[..., :-1] if _HAS_ALPHA[channels] else samples
    picture = new("RGBA" if has_alpha else "RGB", (width, height))
    is_gray = colors.shape[2] == 1
    for rows in _strips(samples):
        strip = _converted(colors[rows], profile, "gray" if is_gray else "rgb")
        if has_alpha:
            strip = np.dstack((strip, to_8_bits(samples[rows, :, -1])))
        picture.paste(fromarray(strip), (0, rows.start))
    return picture


def cmyk_to_srgb8(samples: Samples, *, profile: bytes = b"") -> Image:
    """Return samples of the shape (height, width, 4), cyan, magenta, yellow and black, as an RGB picture in sRGB.

    65535 is full ink. `profile` is as for `to_srgb8`; without one the inks are ideal.

    Raises:
        MemoryError: there is too little.
    """
    height, width, _ = samples.shape
    picture = new("RGB", (width, height))
    for rows in _strips(samples):
        picture.paste(fromarray(_converted(samples[rows], profile, "cmyk")), (0, rows.start))
    return picture


def to_8_bits(samples: Samples) -> Bytes:
    """Return 16-bit samples rounded to 8 bits."""
    return ((samples.astype(np.uint32) + _STEP // 2) // _STEP).astype(np.uint8)


def _strips(samples: Samples) -> Iterator[slice]:
    """Yield slices of rows that cover the samples from top to bottom."""
    height, width, channels = samples.shape
    step = max(1, _STRIP_SAMPLES // (width * channels))
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


def _converted(colors: Samples, profile: bytes, space: str) -> Bytes:
    """Return samples without alpha, of LittleCMS's color space `gray`, `rgb` or `cmyk`, as RGB in sRGB."""
    if space == "gray" and profile[_SPACE_OF_DATA] == _RGB_SPACE:
        colors, space = np.repeat(colors, 3, axis=2), "rgb"
    if profile:
        try:
            if space == "gray":  # LittleCMS would interpolate between a few tones, far off in shadows
                return np.take(_transformed(_ALL_TONES, profile, space)[0], colors[..., 0], axis=0)
            return _transformed(colors, profile, space)
        except CmsError:  # broken, or for another color model
            pass
    if space == "cmyk":
        return np.asarray(fromarray(to_8_bits(colors), "CMYK").convert("RGB"))
    return np.repeat(to_8_bits(colors), 3 // colors.shape[2], axis=2)


def _transformed(colors: Samples, profile: bytes, space: str) -> Bytes:
    """Raise `CmsError` where the profile isn't one of this color space."""
    transformed: Bytes = cms_transform(
        colors,
        profile,
        srgb_profile(),
        colorspace=space,
        outcolorspace="rgb",
        outdtype=np.uint8,
        intent=CMS.INTENT.RELATIVE_COLORIMETRIC,
        flags=_FLAGS | (CMS.FLAGS.NOOPTIMIZE if space == "gray" else 0),
    )
    return transformed
