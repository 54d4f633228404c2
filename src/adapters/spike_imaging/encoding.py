"""Encoding of an engine's pixels as the file that is delivered: once, in the format that was ordered."""

import io
from collections.abc import Mapping
from typing import Any, Final, assert_never

from PIL.Image import Image

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import DEFAULT_OPTIONS, QUALITY_MAX, RenderOptions
from spike_core.ports.upscaler import RenderedImage
from spike_imaging.color import srgb_profile
from spike_imaging.decoding import on_white
from spike_imaging.resolution import Resolution, exif_of

JPEG_QUALITY: Final = 95
JPEG_FULL_CHROMA: Final = 0  # Pillow's value for 4:4:4
PNG_COMPRESS_LEVEL: Final = 2  # 6 makes a 4K picture a fifth smaller in five times the time
WEBP_QUALITY: Final = 95
AVIF_QUALITY: Final = 90
_WEBP_METHOD: Final = 4
_WEBP_LOSSLESS_EFFORT: Final = 0  # what Pillow calls `quality` of a lossless WebP
_AVIF_SPEED: Final = 9  # 6 takes five times the processor time for 2 % less


def encoded(
    picture: Image,
    *,
    options: RenderOptions = DEFAULT_OPTIONS,
    resolution: Resolution | None = None,
    method: str = "",
) -> RenderedImage:
    """Return a picture in RGB or RGBA as a file, tagged as sRGB, with the resolution, and without other metadata.

    Without an ordered format RGB becomes JPEG, RGBA PNG. An ordered JPEG of RGBA is on white.

    Raises:
        MemoryError: there is too little memory.
    """
    format_ = options.format or (PictureFormat.PNG if picture.mode == "RGBA" else PictureFormat.JPEG)
    if format_ is PictureFormat.JPEG:
        picture = on_white(picture)
    picture.info = {}  # Pillow would save some of it: comments, a palette's transparency
    out = io.BytesIO()
    parameters = {**_parameters(format_, options.quality), **_shown_at(format_, resolution)}
    picture.save(out, format_.value, icc_profile=srgb_profile(), **parameters)
    return RenderedImage(
        content=out.getvalue(),
        format=format_,
        dimensions=Dimensions(width_px=picture.width, height_px=picture.height),
        method=method,
    )


def _shown_at(format_: PictureFormat, resolution: Resolution | None) -> Mapping[str, Any]:
    """Return the parameters for the resolution: JPEG and PNG have fields of their own for it, the others EXIF."""
    if resolution is None:
        return {}
    if format_ in {PictureFormat.JPEG, PictureFormat.PNG}:
        return {"dpi": resolution}
    return {"exif": exif_of(resolution)}


def _parameters(format_: PictureFormat, quality: int | None) -> Mapping[str, Any]:
    match format_:
        case PictureFormat.JPEG:
            return {"quality": quality or JPEG_QUALITY, "subsampling": JPEG_FULL_CHROMA}
        case PictureFormat.PNG:
            return {"compress_level": PNG_COMPRESS_LEVEL}
        case PictureFormat.WEBP if quality == QUALITY_MAX:
            # `exact` keeps the colors of transparent pixels, too
            return {"lossless": True, "quality": _WEBP_LOSSLESS_EFFORT, "method": 0, "exact": True}
        case PictureFormat.WEBP:
            return {"quality": quality or WEBP_QUALITY, "method": _WEBP_METHOD}
        case PictureFormat.AVIF:
            return {"quality": quality or AVIF_QUALITY, "speed": _AVIF_SPEED, "subsampling": "4:4:4"}
        case PictureFormat.GIF | PictureFormat.TIFF | PictureFormat.HEIC:
            raise AssertionError(f"{format_.value} isn't an output format")
        case unreachable:
            assert_never(unreachable)
