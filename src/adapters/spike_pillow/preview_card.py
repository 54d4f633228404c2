"""Preview cards: two pictures side by side with a divider, each named, for the sites that link to a shared picture."""

import io
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps
from PIL.Image import Resampling

from spike_core.domain.renditions import CARD_SIZE
from spike_imaging.limits import allowing
from spike_imaging.open import opened_picture

_DIVIDER_PX: Final = 4
_PANE: Final = ((CARD_SIZE.width_px - _DIVIDER_PX) // 2, CARD_SIZE.height_px)
_PIXELS_MAX: Final = 4_000_000  # of a preview, whose longest side is 1600
_QUALITY: Final = 88
_FONT_PX: Final = 34
_PADDING_PX: Final = (18, 10)
_MARGIN_PX: Final = 24
_RADIUS_PX: Final = 12
_WHITE: Final = (255, 255, 255)
_SHADE: Final = (12, 14, 18, 190)


def preview_card(before: bytes, after: bytes) -> bytes:
    """Return the card as a JPEG in sRGB.

    Raises:
        UnacceptablePicture: a picture can't be decoded.
        MemoryError: there is too little memory.
    """
    card = Image.new("RGB", (CARD_SIZE.width_px, CARD_SIZE.height_px), _WHITE)
    for picture, left, name in ((before, 0, "Before"), (after, _PANE[0] + _DIVIDER_PX, "After")):
        card.paste(_pane(picture, name), (left, 0))
    out = io.BytesIO()
    card.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()


def _pane(picture: bytes, name: str) -> Image.Image:
    """Return one half: the picture, cropped around its center, with its name at the bottom left."""
    with allowing(_PIXELS_MAX), opened_picture(picture) as opened:
        decoded = opened.decode().srgb()
    fitted = ImageOps.fit(decoded, _PANE, Resampling.LANCZOS)
    pane = Image.new("RGB", _PANE, _WHITE)
    pane.paste(fitted, mask=fitted if fitted.has_transparency_data else None)
    font = ImageFont.load_default(_FONT_PX)
    width, height = (round(side) for side in font.getbbox(name, anchor="lt")[2:])
    left, bottom = _MARGIN_PX, _PANE[1] - _MARGIN_PX
    top, right = bottom - height - 2 * _PADDING_PX[1], left + width + 2 * _PADDING_PX[0]
    draw = ImageDraw.Draw(pane, "RGBA")
    draw.rounded_rectangle((left, top, right, bottom), _RADIUS_PX, fill=_SHADE)
    draw.text((left + _PADDING_PX[0], top + _PADDING_PX[1]), name, fill=_WHITE, font=font, anchor="lt")
    return pane
