"""Repair of files that violate their format but have their complete picture, as browsers show them.

If the end of a JPEG or GIF is missing, no decoder reports whether all coded pixels are present. Therefore two
completions are made, with different substitutes for the missing end: if both show the same picture, none of it was
missing.
"""

from collections.abc import Sequence
from typing import Final

from spike_core.domain.errors import UndecodablePicture
from spike_core.domain.objects import PictureFormat
from spike_imaging.png_stream import with_good_chunks, with_good_rows

_JPEG_END: Final = b"\xff\xd9"
_JPEG_FILLER: Final = b"\x55\xaa" * 64  # more than one block of codes, and no marker
_GIF_FILLERS: Final = (0x00, 0xFF)
_GIF_END: Final = b"\0;"
_GIF_BLOCK_BYTES_MAX: Final = 255


def repaired_header(data: bytes, format_: PictureFormat) -> bytes:
    """Return the file without broken parts that aren't needed to show the picture.

    Raises:
        UndecodablePicture: it has no such parts.
    """
    if format_ is PictureFormat.PNG:
        return with_good_chunks(data)
    raise UndecodablePicture


def completions(data: bytes, format_: PictureFormat) -> Sequence[bytes]:
    """Return the file completed in one or more ways. The picture is complete only if all show the same.

    Raises:
        UndecodablePicture: it can't be completed.
    """
    match format_:
        case PictureFormat.PNG:
            return [with_good_rows(data)]
        case PictureFormat.JPEG:
            body = data.removesuffix(_JPEG_END[:1])
            return [body + _JPEG_END, body + _JPEG_FILLER + _JPEG_END]
        case PictureFormat.GIF:
            return [data + bytes([filler]) * _GIF_BLOCK_BYTES_MAX + _GIF_END for filler in _GIF_FILLERS]
        case _:
            raise UndecodablePicture
