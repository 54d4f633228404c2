"""Framing: a picture on a canvas of the size that the server takes, and what comes back in the size that is wanted.

The server knows few aspects. An original is therefore sent with a blurred margin around it, and the margin is cut off
the answer: what was in the frame stays in the frame, nothing is squeezed.
"""

import io
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageCms, ImageOps

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_core.ports.upscaler import EnhancedPicture
from spike_openai.decoding import decoded

ANSWERED: Final[Sequence[PictureFormat]] = (PictureFormat.PNG, PictureFormat.JPEG, PictureFormat.WEBP)
JPEG_QUALITY: Final = 95
JPEG_FULL_CHROMA: Final = 0  # Pillow's number for 4:4:4

_PNG_COMPRESS_LEVEL: Final = 2
_MARGIN_BLUR: Final = 16  # the margin is the picture, this many times coarser


def framed(original: bytes, *, size: Dimensions, canvas: Dimensions) -> bytes:
    """Return a PNG of the canvas' size with the original in its middle, in the aspect of `size`, as large as it fits.

    Raises:
        UnacceptablePicture: the original can't be decoded.
        MemoryError: there is too little.
    """
    picture = decoded(original, formats=PictureFormat, size=canvas)
    scale = min(canvas.width_px / size.width_px, canvas.height_px / size.height_px)
    inner = (max(1, round(size.width_px * scale)), max(1, round(size.height_px * scale)))
    middle = picture.resize(inner, Image.Resampling.LANCZOS)
    coarse = (canvas.width_px // _MARGIN_BLUR, canvas.height_px // _MARGIN_BLUR)
    whole = ImageOps.fit(middle, coarse, Image.Resampling.BOX).resize(_pair(canvas), Image.Resampling.BICUBIC)
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
    picture = ImageOps.fit(decoded(answer, formats=ANSWERED, size=size), _pair(size), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture.save(out, "JPEG", quality=JPEG_QUALITY, subsampling=JPEG_FULL_CHROMA, icc_profile=profile)
    return EnhancedPicture(content=out.getvalue(), format=PictureFormat.JPEG, dimensions=size)


def _pair(size: Dimensions) -> tuple[int, int]:
    return size.width_px, size.height_px
