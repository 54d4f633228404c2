"""Decoding of originals to the pixels that networks take, with what the file says about its compression."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from attrs import frozen
from PIL import ImageChops
from PIL.Image import Image, Resampling, blend, composite, fromarray

from spike_core.domain.limits import ACCEPTED_PIXELS_MAX
from spike_imaging.halos import limit_to_range
from spike_imaging.limits import allowing
from spike_imaging.open import opened_picture
from spike_imaging.resolution import Resolution, resolution_of
from spike_ncnn.pixel_arrays import Pixels

_HIDDEN_MAX: Final = 3  # up to this alpha a color is nearly invisible, and encoders may store any color there
_LANCZOS_SHARE: Final = 0.5  # of an enlarged graphic


@frozen(kw_only=True, eq=False)
class Original:
    """A decoded picture, upright and in sRGB."""

    pixels: Pixels
    alpha: Image | None  # mode L; `None` if all is opaque
    is_gray: bool
    resolution: Resolution | None  # in pixels per inch, if the file says one
    quantization: Sequence[int] | None  # of a JPEG's luma, in the order of the file; `None` for other files


def read_original(data: bytes) -> Original:
    """Decode a complete picture.

    Raises:
        UnacceptablePicture: it can't be decoded, or isn't acceptable.
        MemoryError: there is too little memory.
    """
    with allowing(ACCEPTED_PIXELS_MAX), opened_picture(data) as opened:  # a blend has the size of its result
        decoded = opened.decode()
    upright = decoded.srgb()
    alpha = upright.getchannel("A") if upright.mode == "RGBA" else None
    colors = upright if alpha is None else _without_hidden_colors(upright, alpha)
    return Original(
        pixels=np.asarray(colors),
        alpha=alpha,
        is_gray=_is_gray(colors),
        resolution=resolution_of(data),
        quantization=decoded.luma_table,
    )


def sized(pixels: Pixels, size: tuple[int, int]) -> Image:
    """Return enlarged pixels as a picture of exactly this size."""
    picture = fromarray(pixels)
    return picture if picture.size == size else picture.resize(size, Resampling.LANCZOS)


def without_halos(picture: Image, original: Original) -> Image:
    """Return an enlarged graphic, changed in place, whose edges don't exceed the colors around them.

    It is the mean with what Lanczos makes, both limited: networks alone draw thin letters with ragged edges.
    """
    source = fromarray(original.pixels)
    plain = limit_to_range(source.resize(picture.size, Resampling.LANCZOS), source)
    return blend(limit_to_range(picture, source), plain, _LANCZOS_SHARE)


def picture_of(original: Original, picture: Image) -> Image:
    """Return an enlarged picture with the original's alpha, and gray if it was gray."""
    if original.is_gray:
        picture = picture.convert("L").convert("RGB")
    if original.alpha is not None:
        picture.putalpha(original.alpha.resize(picture.size, Resampling.LANCZOS))
    return picture


def _is_gray(picture: Image) -> bool:
    red, green, blue = picture.split()
    return not (ImageChops.difference(red, green).getbbox() or ImageChops.difference(green, blue).getbbox())


def _without_hidden_colors(picture: Image, alpha: Image) -> Image:
    """Return the colors with nearly invisible ones replaced by those around, since networks would let them bleed."""
    small = (max(1, picture.width // 8), max(1, picture.height // 8))
    around = picture.resize(small, Resampling.BOX).resize(picture.size, Resampling.BILINEAR).convert("RGB")
    visible = alpha.point(lambda value: 0 if value <= _HIDDEN_MAX else 255)
    return composite(picture.convert("RGB"), around, visible)
