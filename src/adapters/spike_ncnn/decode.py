"""Originals: a file as the pixels that networks work on, and what the file itself tells of its past."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from attrs import frozen
from PIL import ImageChops
from PIL.Image import Image, Resampling, composite, fromarray

from spike_imaging.open import opened_picture
from spike_ncnn.arrays import Pixels

_HIDDEN_MAX: Final = 3  # an alpha value: up to here hardly anything of the color is seen, and encoders leave any there


@frozen(kw_only=True, eq=False)
class Original:
    """A decoded picture, upright and in sRGB."""

    pixels: Pixels
    alpha: Image | None  # mode L; `None` where all is opaque
    is_gray: bool
    quantisation: Sequence[int] | None  # of a JPEG's luma, in the order of the file; `None` for other files


def read_original(data: bytes) -> Original:
    """Decode a picture whole.

    Raises:
        UnacceptablePicture: it can't be decoded, or is none that Spike takes.
        MemoryError: there is too little.
    """
    with opened_picture(data) as opened:
        decoded = opened.decode()
    upright = decoded.srgb()
    alpha = upright.getchannel("A") if upright.mode == "RGBA" else None
    colors = upright if alpha is None else _without_hidden_colors(upright, alpha)
    return Original(
        pixels=np.asarray(colors),
        alpha=alpha,
        is_gray=_is_gray(colors),
        quantisation=decoded.luma_table,
    )


def picture_of(original: Original, pixels: Pixels, size: tuple[int, int]) -> Image:
    """Return enlarged pixels as a picture in exactly this size, with what the original had of alpha, gray as it was."""
    picture = fromarray(pixels)
    if picture.size != size:
        picture = picture.resize(size, Resampling.LANCZOS)
    if original.is_gray:
        picture = picture.convert("L").convert("RGB")
    if original.alpha is not None:
        picture.putalpha(original.alpha.resize(size, Resampling.LANCZOS))
    return picture


def _is_gray(picture: Image) -> bool:
    red, green, blue = picture.split()
    return not (ImageChops.difference(red, green).getbbox() or ImageChops.difference(green, blue).getbbox())


def _without_hidden_colors(picture: Image, alpha: Image) -> Image:
    """Return the colors, those that alpha hides replaced by what is seen around: networks would let them bleed."""
    small = (max(1, picture.width // 8), max(1, picture.height // 8))
    around = picture.resize(small, Resampling.BOX).resize(picture.size, Resampling.BILINEAR).convert("RGB")
    seen = alpha.point(lambda value: 0 if value <= _HIDDEN_MAX else 255)
    return composite(picture.convert("RGB"), around, seen)
