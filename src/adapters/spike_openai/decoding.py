"""Decoding: any picture as upright pixels in sRGB without transparency. Metadata, GPS among them, stay behind."""

import io
from collections.abc import Iterable
from typing import Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import EmptyFile, TooManyPixels, UndecodablePicture, UnknownPictureFormat
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.objects import PictureFormat

_DRAFT_GAP: Final = 1.5  # a JPEG may be decoded smaller, as long as it stays so many times larger than the result


def decoded(data: bytes, *, formats: Iterable[PictureFormat], size: Dimensions) -> Image.Image:
    """Return the picture in mode RGB, white where it was transparent, and large enough to be reduced to `size`.

    Raises:
        EmptyFile, UnknownPictureFormat, TooManyPixels, UndecodablePicture: it can't be read.
        MemoryError: there is too little.
    """
    if not data:
        raise EmptyFile
    try:
        with Image.open(io.BytesIO(data), formats=[format_.value for format_ in formats]) as file:
            _check_pixels(file.width * file.height)
            longest = round(size.longest_side_px * _DRAFT_GAP)
            file.draft(None, (longest, longest))
            return _opaque(_in_srgb(ImageOps.exif_transpose(file)))
    except (MemoryError, TooManyPixels):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixels(pixels=PICTURE_PIXELS_MAX + 1, pixels_max=PICTURE_PIXELS_MAX) from error
    except UnidentifiedImageError as error:
        raise UnknownPictureFormat from error
    except Exception as error:  # OSError, SyntaxError, ValueError, struct.error, …: there is no full list
        raise UndecodablePicture from error


def _check_pixels(pixels: int) -> None:
    if pixels > PICTURE_PIXELS_MAX:
        raise TooManyPixels(pixels=pixels, pixels_max=PICTURE_PIXELS_MAX)


def _opaque(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    white = Image.new("RGBA", layered.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, layered).convert("RGB")


def _in_srgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):  # a plain conversion would clip instead of scaling
        return picture.convert("I").point(lambda value: value * (255 / 65535)).convert("L")
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in {"RGB", "CMYK", "L"}:
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):  # broken, or for another mode
        return picture
    return converted or picture
