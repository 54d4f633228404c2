"""Transcoding: a finished picture in another format."""

import io
from typing import Final

from spike_core.domain.errors import InvalidValue
from spike_core.domain.objects import PictureFormat
from spike_imaging.color import srgb_profile
from spike_imaging.encoding import JPEG_FULL_CHROMA, JPEG_QUALITY, PNG_COMPRESS_LEVEL
from spike_imaging.open import opened_picture

WRITTEN_FORMATS: Final = (PictureFormat.JPEG, PictureFormat.PNG, PictureFormat.WEBP)
_WEBP_QUALITY: Final = 95
_OPTIONS: Final = {
    PictureFormat.JPEG: {"quality": JPEG_QUALITY, "subsampling": JPEG_FULL_CHROMA},
    PictureFormat.PNG: {"compress_level": PNG_COMPRESS_LEVEL},
    PictureFormat.WEBP: {"quality": _WEBP_QUALITY, "method": 4},
}


def transcoded(content: bytes, format_: PictureFormat) -> bytes:
    """Return an upright picture in sRGB as JPEG, PNG or WebP; the same bytes if it has the format already.

    Transparency is never dropped silently: it is kept, or the format is rejected.

    Raises:
        InvalidValue: it has transparency, and the format has none; or it is too large for WebP.
        UnacceptablePicture: it can't be decoded.
    """
    with opened_picture(content) as opened:
        if opened.format is format_:
            return content
        picture = opened.decode().srgb()
    if format_ is PictureFormat.JPEG and picture.mode == "RGBA":
        raise InvalidValue(what="the format", rule="can't be JPEG: the picture has transparency; PNG and WebP keep it")
    out = io.BytesIO()
    picture.save(out, format_.value, icc_profile=srgb_profile(), **_OPTIONS[format_])
    return out.getvalue()
