"""Decoding to upright sRGB pixels, for callers that need nothing else of a picture."""

from typing import Final

from PIL.Image import Image, alpha_composite, new

from spike_core.domain.limits import ACCEPTED_PIXELS_MAX
from spike_imaging.limits import allowing
from spike_imaging.open import opened_picture

_WHITE: Final = (255, 255, 255, 255)


def decoded_for(data: bytes, size: tuple[int, int], *, pixels_max: int = ACCEPTED_PIXELS_MAX) -> Image:
    """Return a picture as RGB or RGBA in sRGB, upright, without metadata, and at least as large as `size` if it is.

    It may have `pixels_max` pixels: what a probe has accepted before needs no further limit.

    Raises:
        UnacceptablePicture: it can't be decoded, or isn't acceptable.
        MemoryError: there is too little memory.
    """
    with allowing(pixels_max), opened_picture(data) as opened:
        return opened.decode(at_least=size).srgb()


def on_white(picture: Image) -> Image:
    """Return an RGB or RGBA picture as RGB, on white where it is transparent."""
    if picture.mode == "RGB":
        return picture
    return alpha_composite(new("RGBA", picture.size, _WHITE), picture).convert("RGB")
