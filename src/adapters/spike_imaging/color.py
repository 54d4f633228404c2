"""Color: conversion of decoded pixels to sRGB with 8 bits per channel, with or without alpha."""

import functools
import io
from typing import Final

from PIL import ImageChops, ImageCms
from PIL.Image import Image, frombytes, merge

from spike_imaging.bands import band_range

_SAME_MAX: Final = 1  # of 255; a profile that changes no color by more is equivalent to sRGB
# the mode in which each mode is processed, RGB for others; and the mode without alpha
_PLAIN_MODES: Final = {"1": "L", "L": "L", "LA": "LA", "La": "LA", "RGBA": "RGBA", "CMYK": "CMYK", "LAB": "LAB"}
_OPAQUE_MODES: Final = {"LA": "L", "RGBA": "RGB"}
_FLAGS: Final = ImageCms.Flags.BLACKPOINTCOMPENSATION
SPACE_OF_DATA: Final = slice(16, 20)  # of an ICC profile: the signature of its data color space (ICC.1:2022, 7.2.6)
RGB_SPACE: Final = b"RGB "
_STEPS: Final = bytes(range(0, 256, 17))


def plain(picture: Image) -> Image:
    """Return a picture with 8 bits per channel in mode L, LA, RGB, RGBA, CMYK or LAB, with unchanged colors.

    It has alpha only if a pixel isn't opaque.
    """
    target = _PLAIN_MODES.get(picture.mode, "RGB")
    if picture.has_transparency_data and target not in {"LA", "RGBA"}:
        target = "RGBA"
    usual = picture if picture.mode == target else picture.convert(target)
    if usual.mode in _OPAQUE_MODES and band_range(usual.getchannel("A")) == (255, 255):
        return usual.convert(_OPAQUE_MODES[usual.mode])
    return usual


def to_srgb(picture: Image, *, profile: bytes) -> Image:
    """Return a plain picture as RGB or RGBA in sRGB.

    `profile` is the picture's ICC profile, empty if it has none. A profile that is broken or doesn't match the
    picture's mode is ignored, and the values are taken as they are.
    """
    if picture.mode not in _OPAQUE_MODES:
        return _colors_to_srgb(picture, profile)
    result = _colors_to_srgb(picture.convert(_OPAQUE_MODES[picture.mode]), profile)
    result.putalpha(picture.getchannel("A"))
    return result


@functools.cache
def srgb_profile() -> bytes:
    """Return an ICC profile of sRGB, always the same bytes."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + bytes(12) + profile[36:]  # ICC.1:2022, 7.2.8: the creation date, which is cleared


def is_profile(profile: bytes) -> bool:
    """Return whether these bytes are a readable ICC profile."""
    try:
        ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False
    return True


def _colors_to_srgb(picture: Image, profile: bytes) -> Image:
    if not profile:
        return picture if picture.mode == "RGB" else picture.convert("RGB")  # which would copy it
    if picture.mode == "L":
        tones = frombytes("L", (256, 1), bytes(range(256)))
        if profile[SPACE_OF_DATA] == RGB_SPACE:  # from gAMA and nclx, and from some programs
            tones = tones.convert("RGB")
        red, green, blue = (list(band.tobytes()) for band in _transformed(tones, profile).split())
        return merge("RGB", (picture.point(red), picture.point(green), picture.point(blue)))
    return _transformed(picture, profile)


def _transformed(picture: Image, profile: bytes) -> Image:
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile())),
            picture.mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=_FLAGS | (ImageCms.Flags.NOOPTIMIZE if picture.mode == "L" else 0),
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):  # broken, or for another mode
        return picture.convert("RGB")
    if picture.mode == "RGB" and _changes_nothing(transform):
        return picture
    return transform.apply(picture)


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Return whether a transform leaves a lattice of colors unchanged; most pictures are tagged as sRGB already."""
    lattice = frombytes(
        "RGB", (16, 256), bytes(value for r in _STEPS for g in _STEPS for b in _STEPS for value in (r, g, b))
    )
    moved = ImageChops.difference(lattice, transform.apply(lattice))
    return all(band_range(band)[1] <= _SAME_MAX for band in moved.split())
