"""Comparison pictures: one picture that shows another before and after enhancement, in the same size, with labels."""

import io
from typing import Final

from PIL.Image import Image, Resampling, alpha_composite, new
from PIL.ImageDraw import Draw
from PIL.ImageFont import load_default

from spike_imaging.color import srgb_profile
from spike_imaging.decoding import on_white
from spike_imaging.encoding import JPEG_FULL_CHROMA, JPEG_QUALITY
from spike_imaging.open import opened_picture

_PAPER: Final = (255, 255, 255)
_INK: Final = (255, 255, 255, 255)
_SHADE: Final = (0, 0, 0, 150)
_GAP: Final = 1 / 100  # of the longer side, between the two
_TEXT: Final = 1 / 40  # of the longer side, the text's height
_TEXT_PX_MIN: Final = 10
_MARGIN: Final = 0.6  # of the text's height, around it and around the label
_OVERSAMPLING: Final = 4  # the label's corners are drawn this many times larger


def before_and_after(before: bytes, after: bytes) -> bytes:
    """Return a JPEG in sRGB: `before`, resized to the size of `after` as viewers do, and `after`.

    Wide pictures are stacked, others are placed side by side. Transparency is shown on white.

    Raises:
        UnacceptablePicture: one of them can't be decoded.
    """
    original, result = _opaque(before), _opaque(after)
    shown = original.resize(result.size, Resampling.BICUBIC)
    width, height = result.size
    gap = max(2, round(max(width, height) * _GAP))
    is_wide = width > height
    sheet = new("RGB", (width, 2 * height + gap) if is_wide else (2 * width + gap, height), _PAPER)
    sheet.paste(_labeled(shown, f"before  {original.width} x {original.height}"), (0, 0))
    sheet.paste(_labeled(result, f"after  {width} x {height}"), (0, height + gap) if is_wide else (width + gap, 0))
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=JPEG_QUALITY, subsampling=JPEG_FULL_CHROMA, icc_profile=srgb_profile())
    return out.getvalue()


def _opaque(content: bytes) -> Image:
    """Return the picture upright, in sRGB and on white."""
    with opened_picture(content) as opened:
        return on_white(opened.decode().srgb())


def _labeled(picture: Image, text: str) -> Image:
    """Return the picture with a label in its lower left corner, unchanged if there is no room for one."""
    height = max(_TEXT_PX_MIN, round(max(picture.size) * _TEXT))
    margin = round(height * _MARGIN)
    label = _label(text, height=height, margin=margin)
    left, top = margin, picture.height - label.height - margin
    if top < margin or left + label.width + margin > picture.width:
        return picture
    picture = picture.copy()
    picture.paste(label, (left, top), label)
    return picture


def _label(text: str, *, height: int, margin: int) -> Image:
    font = load_default(height)
    left, _, right, _ = font.getbbox(text)
    size = (round(right - left) + 2 * margin, height + margin)
    large = new("L", (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING))
    Draw(large).rounded_rectangle((0, 0, large.width - 1, large.height - 1), large.height // 2, fill=_SHADE[3])
    label = new("RGBA", size, _SHADE[:3])
    label.putalpha(large.resize(size, Resampling.BOX))
    words = new("RGBA", size)
    Draw(words).text((size[0] / 2, size[1] / 2), text, font=font, fill=_INK, anchor="mm")
    return alpha_composite(label, words)
