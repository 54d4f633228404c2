"""Decoding: a file's pixels, upright and in sRGB, for those who want no more of it."""

from typing import Final

from PIL.Image import Image, alpha_composite, new

from spike_imaging.open import opened_picture

_WHITE: Final = (255, 255, 255, 255)


def decoded_for(data: bytes, size: tuple[int, int]) -> Image:
    """Return a picture in RGB or RGBA, upright, in sRGB, without metadata, and large enough to be reduced to this size.

    Raises:
        UnacceptablePicture: it can't be decoded, or is none that Spike takes.
        MemoryError: there is too little.
    """
    with opened_picture(data) as opened:
        return opened.decode(at_least=size).srgb()


def on_white(picture: Image) -> Image:
    """Return a picture in RGB or RGBA as RGB, white where it was transparent."""
    if picture.mode == "RGB":
        return picture
    return alpha_composite(new("RGBA", picture.size, _WHITE), picture).convert("RGB")
