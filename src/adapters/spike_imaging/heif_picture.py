"""HEIC and HEIF pictures, decoded by libheif through `pillow-heif`, an optional dependency.

The library is imported on demand, and registers nothing with Pillow. It gets only the primary picture, in a file that
was assembled from checked parts: see `spike_imaging.heif_primary`.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

from attrs import field, frozen
from PIL.Image import Image, frombytes

from spike_core.domain.errors import AnimatedPicture, SpikeError, UndecodablePicture, UnsupportedPicture
from spike_core.domain.objects import PictureFormat
from spike_imaging.cicp import Signal
from spike_imaging.color import plain
from spike_imaging.decoded import Decoded
from spike_imaging.formats import is_image_sequence
from spike_imaging.heif_color import heif_encoding
from spike_imaging.heif_primary import Primary, primary_of
from spike_imaging.limits import check_pixels

_BYTE_BITS: Final = 8
_AS_JPEG: Final = "Export it as JPEG, or choose Most Compatible in the iPhone's camera settings"


@frozen(eq=False)
class HeifPicture:
    """A HEIC or HEIF picture: boxes and stream headers are checked, pixels aren't decoded yet."""

    primary: Primary
    image: Any = field(repr=False)  # pillow_heif.HeifImage
    format: PictureFormat = PictureFormat.HEIC

    @classmethod
    @contextmanager
    def opened(cls, data: bytes) -> Iterator["HeifPicture"]:
        """Open a file and check its boxes and stream headers.

        Raises:
            UnsupportedPicture: `pillow-heif` isn't installed, or the picture isn't coded as HEVC.
            AnimatedPicture, TooManyPixels, UndecodablePicture: see `ImageProbe.inspect`.
        """
        library = _library()
        if is_image_sequence(data):
            raise AnimatedPicture
        primary = primary_of(data)
        with _heif_errors():
            file = library.open_heif(primary.data, convert_hdr_to_8bit=False, hdr_to_16bit=False)
            image = file[file.primary_index]
            check_pixels(image.size[0] * image.size[1])
        yield cls(primary, image)

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels, cropped and rotated as the picture's own boxes specify."""
        width, height = self.image.size
        return int(width), int(height)

    def decode(self, *, at_least: tuple[int, int] | None = None) -> Decoded:  # noqa: ARG002  # there is no draft mode
        """Decode the pixels; see `OpenedPicture`. libheif returns them upright."""
        size = self.upright_size
        with _heif_errors():
            self.image.load()
            if self.image.size != size:
                raise UndecodablePicture
            encoding = heif_encoding(self.image.info)
            if self.image.info["bit_depth"] > _BYTE_BITS:
                from spike_imaging.heif_depths import shown_in_8_bits  # noqa: PLC0415  # slow to import

                return Decoded(image=shown_in_8_bits(self.image, encoding), full_size=size)
            image = plain(_in_pillow(self.image))
            if encoding.signal is not Signal.SDR:
                from spike_imaging import deep_decoding  # noqa: PLC0415  # slow to import

                image = deep_decoding.shown(deep_decoding.samples_of(image), encoding)
            return Decoded(image=image, full_size=size, profile=encoding.profile)


def _in_pillow(image: Any) -> Image:
    mode = str(image.mode)
    return frombytes(mode, image.size, image.data, "raw", mode, image.stride)


def _library() -> ModuleType:
    try:
        return importlib.import_module("pillow_heif")
    except ImportError as error:
        raise UnsupportedPicture(name="HEIC", advice=_AS_JPEG) from error


@contextmanager
def _heif_errors() -> Iterator[None]:
    """Translate the errors of pillow-heif for malformed bytes; `SpikeError` and `MemoryError` pass through."""
    try:
        yield
    except (SpikeError, MemoryError):
        raise
    except Exception as error:  # ValueError, SyntaxError, EOFError, RuntimeError and others; the list is open
        raise UndecodablePicture from error
