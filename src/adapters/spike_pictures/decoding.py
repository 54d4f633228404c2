"""Decoding: a file's pixels, upright and in sRGB, for those who want no more of it."""

from typing import Final

from PIL.Image import Image, alpha_composite, new
from PIL.ImageFile import ImageFile

from spike_pictures.colour import plain, to_srgb
from spike_pictures.opening import opened_picture, pillow_errors
from spike_pictures.orientation import Turn

# A JPEG may be decoded at a half, a quarter or an eighth of its size as long as it stays so many times larger than
# what is made of it.
_DRAFT_GAP: Final = 1.5
_WHITE: Final = (255, 255, 255, 255)


def decoded_for(data: bytes, size: tuple[int, int]) -> Image:
    """Return a picture in RGB or RGBA, upright, in sRGB, without metadata, and large enough to be reduced to this size.

    Raises:
        UnacceptablePicture: it can't be decoded, or is none that Spike takes.
        MemoryError: there is too little.
    """
    with opened_picture(data) as opened, pillow_errors():
        file = opened.file
        turn = load_for(file, size)
        profile = file.info.get("icc_profile") or b""
        picture = turn.applied_to(to_srgb(plain(file), profile=profile))
        picture.info = {}
        return picture


def load_for(file: ImageFile, size: tuple[int, int]) -> Turn:
    """Decode an opened file, large enough to be reduced to this size upright, and return how it is to be turned."""
    lying = Turn.of(file).seen(size)  # for a JPEG; no other knows a draft
    file.draft(None, (int(lying[0] * _DRAFT_GAP) + 1, int(lying[1] * _DRAFT_GAP) + 1))
    file.load()
    return Turn.of(file)


def on_white(picture: Image) -> Image:
    """Return a picture in RGB or RGBA as RGB, white where it was transparent."""
    if picture.mode == "RGB":
        return picture
    return alpha_composite(new("RGBA", picture.size, _WHITE), picture).convert("RGB")
