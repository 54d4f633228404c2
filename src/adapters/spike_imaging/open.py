"""Opening of pictures from untrusted bytes: format and header are checked, no pixels are decoded."""

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
    """A picture with a checked header and pixels that aren't decoded yet."""

    @property
    def format(self) -> PictureFormat:
        """The format by its content."""

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels, upright as far as the header shows; `decode` is authoritative."""

    def decode(self, *, at_least: tuple[int, int] | None = None) -> Decoded:
        """Decode the pixels. Call it once.

        With `at_least`, an upright width and height in pixels, the result may be smaller than the picture, if its
        format supports that and the result can still be reduced to that size without loss.

        Raises:
            UnacceptablePicture: they can't be decoded.
            MemoryError: there is too little memory.
        """


@contextmanager
def opened_picture(data: bytes) -> Iterator[OpenedPicture]:
    """Open a picture and check its header; nothing is decoded.

    Raises:
        EmptyFile, UnknownPictureFormat, UnsupportedPicture, AnimatedPicture, MultiplePages, TooManyPixels,
            UndecodablePicture: see `ImageProbe.inspect`.
        MemoryError: there is too little memory.
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
