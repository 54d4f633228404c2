"""Recognition of picture formats by a file's first bytes."""

import re
from collections.abc import Mapping
from typing import Final

from spike_core.domain.errors import EmptyFile, UnknownPictureFormat
from spike_core.domain.objects import PictureFormat
from spike_imaging.camera_raw import refuse_raw_signature
from spike_imaging.unsupported import unsupported_format

# ISO base media: a file type box of at most 255 bytes, with a major brand, a version and compatible brands
_ISO_MEDIA: Final = rb"\0\0\0[\x10-\xff]ftyp"
# TIFF in both byte orders, and BigTIFF
_SIGNATURES: Final[Mapping[PictureFormat, re.Pattern[bytes]]] = {
    PictureFormat.JPEG: re.compile(rb"\xff\xd8\xff"),
    PictureFormat.PNG: re.compile(rb"\x89PNG\r\n\x1a\n"),
    PictureFormat.WEBP: re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    PictureFormat.GIF: re.compile(rb"GIF8[79]a"),
    PictureFormat.TIFF: re.compile(rb"II[*+]\0|MM\0[*+]"),
}
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})  # a picture, a sequence
_HEVC_SEQUENCES: Final = frozenset({b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis"}) | _HEVC_SEQUENCES
_HEIF_BRANDS: Final = frozenset({b"mif1", b"mif2", b"msf1"})  # with any codec


def format_of(data: bytes) -> PictureFormat:
    """Return the format that a file's first bytes indicate.

    Raises:
        EmptyFile, UnknownPictureFormat: they don't indicate a picture.
        UnsupportedPicture: they indicate a format that Spike doesn't read, such as camera RAW.
    """
    if not data:
        raise EmptyFile
    for format_, signature in _SIGNATURES.items():
        if signature.match(data):
            return format_
    brands = set(_brands_of(data))
    if brands & _AVIF_BRANDS:
        return PictureFormat.AVIF
    if brands & (_HEIC_BRANDS | _HEIF_BRANDS):
        return PictureFormat.HEIC
    refuse_raw_signature(data)
    raise unsupported_format(data) or UnknownPictureFormat


def is_image_sequence(data: bytes) -> bool:
    """Return whether a HEIF file is primarily a sequence of pictures."""
    return next(iter(_brands_of(data)), b"") in _HEVC_SEQUENCES | {b"msf1"}


def _brands_of(data: bytes) -> list[bytes]:
    """Return an ISO base media file's brands (ISO/IEC 14496-12, 4.3), the major one first; empty for other files."""
    if re.match(_ISO_MEDIA, data) is None:
        return []
    names = data[8 : data[3]]
    brands = [names[at : at + 4] for at in range(0, len(names) - 3, 4)]
    return [brands[0], *brands[2:]] if brands else []
