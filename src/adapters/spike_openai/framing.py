"""Framing: a picture on a canvas of the size that the server takes, and what comes back in the size that is wanted.

The server knows few aspects. An original is therefore sent with a blurred margin around it, and the margin is cut off
the answer: what was in the frame stays in the frame, nothing is squeezed.
"""

import io
from collections.abc import Sequence
from typing import Final

from PIL import ImageOps
from PIL.Image import Resampling

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UnknownPictureFormat
from spike_core.domain.objects import PictureFormat
from spike_core.ports.upscaler import EnhancedPicture
from spike_pictures.decoding import decoded_for, on_white
from spike_pictures.encoding import encoded
from spike_pictures.opening import format_of

ANSWERED: Final[Sequence[PictureFormat]] = (PictureFormat.PNG, PictureFormat.JPEG, PictureFormat.WEBP)
_PNG_COMPRESS_LEVEL: Final = 2
_MARGIN_BLUR: Final = 16  # the margin is the picture, this many times coarser


def framed(original: bytes, *, size: Dimensions, canvas: Dimensions) -> bytes:
    """Return a PNG of the canvas' size with the original in its middle, in the aspect of `size`, as large as it fits.

    Raises:
        UnacceptablePicture: the original can't be decoded.
        MemoryError: there is too little.
    """
    picture = on_white(decoded_for(original, _pair(canvas)))
    scale = min(canvas.width_px / size.width_px, canvas.height_px / size.height_px)
    inner = (max(1, round(size.width_px * scale)), max(1, round(size.height_px * scale)))
    middle = picture.resize(inner, Resampling.LANCZOS)
    coarse = (canvas.width_px // _MARGIN_BLUR, canvas.height_px // _MARGIN_BLUR)
    whole = ImageOps.fit(middle, coarse, Resampling.BOX).resize(_pair(canvas), Resampling.BICUBIC)
    whole.paste(middle, ((canvas.width_px - inner[0]) // 2, (canvas.height_px - inner[1]) // 2))
    out = io.BytesIO()
    whole.save(out, "PNG", compress_level=_PNG_COMPRESS_LEVEL)
    return out.getvalue()


def fitted(answer: bytes, *, size: Dimensions) -> EnhancedPicture:
    """Return the middle of the server's picture, in the aspect of `size`, resampled to exactly that size.

    Raises:
        UnacceptablePicture: the picture can't be decoded.
        MemoryError: there is too little.
    """
    if format_of(answer) not in ANSWERED:
        raise UnknownPictureFormat
    picture = on_white(decoded_for(answer, _pair(size)))
    return encoded(ImageOps.fit(picture, _pair(size), Resampling.LANCZOS))


def _pair(size: Dimensions) -> tuple[int, int]:
    return size.width_px, size.height_px
