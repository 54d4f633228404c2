"""Which picture format a file's first bytes announce."""

import re
from collections.abc import Mapping
from typing import Final

from spike_core.domain.errors import EmptyFile, UnknownPictureFormat
from spike_core.domain.objects import PictureFormat
from spike_pictures.camera_raw import refuse_raw_signature
from spike_pictures.unsupported import unsupported_format

# TIFF in both byte orders, and BigTIFF
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


def format_of(data: bytes) -> PictureFormat:
    """Return the format that a file's first bytes announce.

    Raises:
        EmptyFile, UnknownPictureFormat: it begins like no picture.
        UnsupportedPicture: it begins like a format that Spike doesn't read, such as a camera's RAW file.
    """
    if not data:
        raise EmptyFile
    for format_, signature in _SIGNATURES.items():
        if signature.match(data):
            return format_
    refuse_raw_signature(data)
    raise unsupported_format(data) or UnknownPictureFormat
