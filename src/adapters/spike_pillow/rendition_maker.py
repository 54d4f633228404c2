"""Renditions: a picture reduced for lists and previews, as browsers show it, and its thumbhash.

A JPEG is decoded at a fraction of its size; other formats are decoded completely, then reduced before their colors are
converted, so that no second large copy is needed.
"""

import io
from typing import BinaryIO, Final

from attrs import evolve, frozen
from PIL.Image import Image, Resampling

from spike_core.domain.errors import UpscalerUnavailable
from spike_core.domain.limits import ACCEPTED_PIXELS_MAX
from spike_core.domain.renditions import PREVIEW_SIDE_PX, THUMBNAIL_SIDE_PX
from spike_core.ports.rendition_maker import MadeRenditions
from spike_imaging.limits import allowing
from spike_imaging.open import opened_picture
from spike_imaging.thumbhash import thumbhash
from spike_pillow.preview_card import preview_card

_THUMBNAIL_QUALITY: Final = 75
_PREVIEW_QUALITY: Final = 80
_THUMBNAIL_METHOD: Final = 4  # of WebP's 0 to 6: slower ones save little
_PREVIEW_METHOD: Final = 2  # takes half the time of 4, which is most of the time of both renditions, for 4 % more bytes
_REDUCING_GAP: Final = 2.0  # large pictures are first reduced by a mean of whole pixels


@frozen
class PillowRenditionMaker:
    """Makes renditions with Pillow. It is stateless and thread-safe.

    Measured for 50 megapixels, in MB beside what the process holds: JPEG 75, progressive 190, PNG 265, with alpha 455,
    with 16 bits 500, WebP 775.
    """

    def make(self, picture: BinaryIO) -> MadeRenditions:
        """Return the picture's renditions; see the port."""
        data = picture.read()
        picture.seek(0)
        try:
            preview = _reduced_original(data)
            is_small = max(preview.size) <= THUMBNAIL_SIDE_PX
            thumbnail = preview if is_small else _reduced(preview, THUMBNAIL_SIDE_PX)
            return MadeRenditions(
                thumbnail=_webp(thumbnail, quality=_THUMBNAIL_QUALITY, method=_THUMBNAIL_METHOD),
                preview=None if is_small else _webp(preview, quality=_PREVIEW_QUALITY, method=_PREVIEW_METHOD),
                thumbhash=thumbhash(thumbnail),
            )
        except MemoryError as error:
            raise UpscalerUnavailable from error

    def make_card(self, before: BinaryIO, after: BinaryIO) -> bytes:
        """Return both side by side; see the port."""
        pictures = before.read(), after.read()
        for picture in (before, after):
            picture.seek(0)
        try:
            return preview_card(*pictures)
        except MemoryError as error:
            raise UpscalerUnavailable from error


def _reduced_original(data: bytes) -> Image:
    with allowing(ACCEPTED_PIXELS_MAX), opened_picture(data) as opened:
        decoded = opened.decode(at_least=_size(opened.upright_size, PREVIEW_SIDE_PX))
    size = _size(decoded.full_size, PREVIEW_SIDE_PX)
    if size != decoded.image.size:
        small = decoded.image.resize(size, Resampling.LANCZOS, reducing_gap=_REDUCING_GAP)
        decoded = evolve(decoded, image=small)
    return decoded.srgb()


def _reduced(picture: Image, side_px: int) -> Image:
    return picture.resize(_size(picture.size, side_px), Resampling.LANCZOS, reducing_gap=_REDUCING_GAP)


def _size(size: tuple[int, int], side_px_max: int) -> tuple[int, int]:
    """Return a size with the same aspect ratio, and its longest side as long as that at most."""
    longest = max(size)
    if longest <= side_px_max:
        return size
    width, height = (max(1, round(side * side_px_max / longest)) for side in size)
    return width, height


def _webp(picture: Image, *, quality: int, method: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=method)
    return out.getvalue()
