"""Files that break their format's rules and lack nothing of their picture: made whole, as browsers show them.

Of a JPEG or GIF whose end is missing, no reader says whether the coded pixels are all there. So two completions are
offered, which differ in what stands for the missing end: if both show the same picture, nothing of it was missing.
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
    """Return the file with what is broken beside its pixels left out.

    Raises:
        UndecodablePicture: nothing of it can be left out.
    """
    if format_ is PictureFormat.PNG:
        return with_good_chunks(data)
    raise UndecodablePicture


def completions(data: bytes, format_: PictureFormat) -> Sequence[bytes]:
    """Return the file made whole, in one or more ways: only if all show the same picture is it the file's.

    Raises:
        UndecodablePicture: it can't be made whole.
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
