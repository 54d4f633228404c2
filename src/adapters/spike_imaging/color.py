"""Color: from whatever a file holds to sRGB with 8 bits a channel, with or without alpha."""

import functools
import io
from typing import Final

from PIL import ImageChops, ImageCms
from PIL.Image import Image, frombytes, merge

from spike_imaging.bands import band_range

_SAME_MAX: Final = 1  # of 255; a profile that moves no color by more is sRGB under another name
# what each mode is worked on as, others as RGB; and what is left of it without its alpha
_PLAIN_MODES: Final = {"1": "L", "L": "L", "LA": "LA", "La": "LA", "RGBA": "RGBA", "CMYK": "CMYK", "LAB": "LAB"}
_OPAQUE_MODES: Final = {"LA": "L", "RGBA": "RGB"}
_FLAGS: Final = ImageCms.Flags.BLACKPOINTCOMPENSATION
SPACE_OF_DATA: Final = slice(16, 20)  # of an ICC profile: the signature of its data color space (ICC.1:2022, 7.2.6)
RGB_SPACE: Final = b"RGB "
_STEPS: Final = bytes(range(0, 256, 17))


def plain(picture: Image) -> Image:
    """Return a picture of 8 bits a channel in mode L, LA, RGB, RGBA, CMYK or LAB, colors as they are.

    Alpha is there only where something is really transparent.
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

    `profile` is the picture's ICC profile, empty where it has none. One that is broken or doesn't fit the picture's
    mode counts as none: then the numbers are taken as they are.
    """
    if picture.mode not in _OPAQUE_MODES:
        return _colors_to_srgb(picture, profile)
    result = _colors_to_srgb(picture.convert(_OPAQUE_MODES[picture.mode]), profile)
    result.putalpha(picture.getchannel("A"))
    return result


@functools.cache
def srgb_profile() -> bytes:
    """Return an ICC profile of sRGB, the same bytes every time."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + bytes(12) + profile[36:]  # ICC.1:2022, 7.2.8: the date of making, which we leave out


def is_profile(profile: bytes) -> bool:
    """Tell whether these bytes are an ICC profile that can be read."""
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
        if profile[SPACE_OF_DATA] == RGB_SPACE:  # as gAMA and nclx are turned into, and some programs write
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
    """Tell whether a transform leaves a lattice of colors alone; most pictures are tagged as sRGB already."""
    lattice = frombytes(
        "RGB", (16, 256), bytes(value for r in _STEPS for g in _STEPS for b in _STEPS for value in (r, g, b))
    )
    moved = ImageChops.difference(lattice, transform.apply(lattice))
    return all(band_range(band)[1] <= _SAME_MAX for band in moved.split())
