"""Opening a picture from bytes that may be hostile: the format, then the header, and no pixel yet.

Pillow's plugins are called directly, not through `Image.open`. So the allow-list can't be widened by what else the
process has registered, a phone's multi-picture JPEG is read as the JPEG that it starts with, and the pixel cap is
judged by us, whatever `Image.MAX_IMAGE_PIXELS` says.
"""

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from attrs import frozen
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Image import DecompressionBombError, DecompressionBombWarning
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH, TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from spike_core.domain.errors import (
    AnimatedPicture,
    EmptyFile,
    SpikeError,
    TooManyPixels,
    UndecodablePicture,
    UnknownPictureFormat,
)
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.objects import PictureFormat

_READERS: Final[Mapping[PictureFormat, type[ImageFile]]] = {
    PictureFormat.JPEG: JpegImageFile,
    PictureFormat.PNG: PngImageFile,
    PictureFormat.WEBP: WebPImageFile,
    PictureFormat.GIF: GifImageFile,
    PictureFormat.AVIF: AvifImageFile,
    PictureFormat.TIFF: TiffImageFile,
}
# the first bytes of each format; TIFF in both byte orders, and BigTIFF
_SIGNATURES: Final[Mapping[PictureFormat, re.Pattern[bytes]]] = {
    PictureFormat.JPEG: re.compile(rb"\xff\xd8\xff"),
    PictureFormat.PNG: re.compile(rb"\x89PNG\r\n\x1a\n"),
    PictureFormat.WEBP: re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    PictureFormat.GIF: re.compile(rb"GIF8[79]a"),
    # ISO base media: the brand `avif` or `avis` (a sequence) within a file type box of at most 63 bytes;
    # HEIC looks alike but for the brand
    PictureFormat.AVIF: re.compile(rb"\0\0\0[\x10-\x3f]ftyp(?:.{4}){0,12}?(?:avif|avis)", re.DOTALL),
    PictureFormat.TIFF: re.compile(rb"II[*+]\0|MM\0[*+]"),
}
_BOMB: Final = re.compile(r"\((\d+) pixels\)")  # Pillow tells the number only in words


@frozen
class OpenedPicture:
    """A picture whose header is judged and whose pixels aren't decoded yet."""

    format: PictureFormat
    file: ImageFile


@contextmanager
def opened_picture(data: bytes) -> Iterator[OpenedPicture]:
    """Open the picture and judge its header; decode nothing.

    Raises:
        EmptyFile, UnknownPictureFormat, AnimatedPicture, TooManyPixels, UndecodablePicture: see `ImageProbe.inspect`.
        MemoryError: there is too little.
    """
    format_ = format_of(data)
    with pillow_errors():
        file = _READERS[format_](io.BytesIO(data))
    with file:
        with pillow_errors():
            _judge(file)
            _read_plain_cmyk(file)
        yield OpenedPicture(format_, file)


@contextmanager
def pillow_errors() -> Iterator[None]:
    """Translate what Pillow raises on bytes that it can't read; let our own errors and `MemoryError` pass.

    Raises:
        TooManyPixels: Pillow found a size that it wouldn't decode.
        UndecodablePicture: anything else.
    """
    try:
        yield
    except (SpikeError, MemoryError):
        raise
    except (DecompressionBombError, DecompressionBombWarning) as error:
        announced = _BOMB.search(str(error))
        pixels = int(announced[1]) if announced else PICTURE_PIXELS_MAX + 1
        raise TooManyPixels(pixels=pixels, pixels_max=PICTURE_PIXELS_MAX) from error
    except Exception as error:  # OSError, SyntaxError, ValueError, struct.error, zlib.error, …: there is no full list
        raise UndecodablePicture from error


def format_of(data: bytes) -> PictureFormat:
    """Return the format that a file begins like.

    Raises:
        EmptyFile, UnknownPictureFormat: it begins like none of ours.
    """
    if not data:
        raise EmptyFile
    for format_, signature in _SIGNATURES.items():
        if signature.match(data):
            return format_
    raise UnknownPictureFormat


def _judge(file: ImageFile) -> None:
    width_px, height_px = file.size
    _check_pixels(width_px * height_px)
    if isinstance(file, TiffImageFile):
        _check_tile(file.tag_v2.get(TILEWIDTH), file.tag_v2.get(TILELENGTH))
    if getattr(file, "is_animated", False):  # formats without frames don't have it
        raise AnimatedPicture


def _read_plain_cmyk(file: ImageFile) -> None:
    """Have a CMYK JPEG without Adobe's marker (APP14) read as it is: Pillow takes every one for upside down.

    Photoshop writes it so and marks it; libjpeg leaves it to the reader.
    """
    if isinstance(file, JpegImageFile) and file.mode == "CMYK" and "adobe" not in file.info:
        file.tile = [tile._replace(args=("CMYK", "")) for tile in file.tile]


def _check_pixels(pixels: int) -> None:
    if pixels > PICTURE_PIXELS_MAX:
        raise TooManyPixels(pixels=pixels, pixels_max=PICTURE_PIXELS_MAX)


def _check_tile(width_px: object, height_px: object) -> None:
    """Judge a TIFF's tiles: one may be far larger than the picture, and is decoded whole."""
    if isinstance(width_px, int) and isinstance(height_px, int):  # else there are none, or they can't be decoded
        _check_pixels(width_px * height_px)
