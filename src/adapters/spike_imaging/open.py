"""Opening a picture from bytes that may be hostile: the format, then the header, and no pixel yet."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from spike_core.domain.objects import PictureFormat
from spike_imaging.decoded import Decoded
from spike_imaging.formats import format_of
from spike_imaging.heif_picture import HeifPicture
from spike_imaging.pillow_picture import PillowPicture
from spike_imaging.tiff_picture import TiffPicture


class OpenedPicture(Protocol):
    """A picture whose header is judged and whose pixels aren't decoded yet."""

    @property
    def format(self) -> PictureFormat:
        """What its bytes are."""

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels, upright, as far as the header tells; `decode` knows for certain."""

    def decode(self, *, at_least: tuple[int, int] | None = None) -> Decoded:
        """Decode the pixels, once.

        With `at_least`, a width and height in pixels upright, the result may be smaller than the picture, where its
        format allows to decode less, as long as it can be reduced to that size without loss.

        Raises:
            UnacceptablePicture: they can't be decoded.
            MemoryError: there is too little.
        """


@contextmanager
def opened_picture(data: bytes) -> Iterator[OpenedPicture]:
    """Open the picture and judge its header; decode nothing.

    Raises:
        EmptyFile, UnknownPictureFormat, UnsupportedPicture, AnimatedPicture, MultiplePages, TooManyPixels,
        UndecodablePicture: see `ImageProbe.inspect`.
        MemoryError: there is too little.
    """
    format_ = format_of(data)
    opened: AbstractContextManager[OpenedPicture]
    match format_:
        case PictureFormat.TIFF:
            opened = TiffPicture.opened(data)
        case PictureFormat.HEIC:
            opened = HeifPicture.opened(data)
        case _:
            opened = PillowPicture.opened(data, format_)
    with opened as picture:
        yield picture
