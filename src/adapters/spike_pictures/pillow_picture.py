"""Pictures that Pillow reads. Its plugins are called directly, not through `Image.open`.

So the allow-list can't be widened by what else the process has registered, a phone's multi-picture JPEG is read as the
JPEG that it starts with, and the pixel cap is judged by us, whatever `Image.MAX_IMAGE_PIXELS` says.
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

from spike_core.domain.errors import AnimatedPicture, SpikeError, TooManyPixels, UndecodablePicture
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.objects import PictureFormat
from spike_pictures.colour import plain
from spike_pictures.decoded import Decoded
from spike_pictures.orientation import Turn

_READERS: Final[Mapping[PictureFormat, type[ImageFile]]] = {
    PictureFormat.JPEG: JpegImageFile,
    PictureFormat.PNG: PngImageFile,
    PictureFormat.WEBP: WebPImageFile,
    PictureFormat.GIF: GifImageFile,
    PictureFormat.AVIF: AvifImageFile,
    PictureFormat.TIFF: TiffImageFile,
}
# A JPEG may be decoded at a half, a quarter or an eighth of its size as long as it stays so many times larger than
# what is made of it.
_DRAFT_GAP: Final = 1.5
_LUMA: Final = 0  # index of the luminance table among a JPEG's quantization tables
_BOMB: Final = re.compile(r"\((\d+) pixels\)")  # Pillow states the number only within its message


@frozen(eq=False)
class PillowPicture:
    """A picture that Pillow reads: its header is judged, its pixels aren't decoded yet."""

    format: PictureFormat
    file: ImageFile

    @classmethod
    @contextmanager
    def opened(cls, data: bytes, format_: PictureFormat) -> Iterator["PillowPicture"]:
        """Open a file of this format and judge its header.

        Raises:
            AnimatedPicture, TooManyPixels, UndecodablePicture: see `ImageProbe.inspect`.
        """
        with pillow_errors():
            file = _READERS[format_](io.BytesIO(data))
        with file:
            with pillow_errors():
                _judge(file)
                _read_plain_cmyk(file)
            yield cls(format_, file)

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels, upright, by the header alone; a PNG's EXIF may follow its pixels."""
        return Turn.of(self.file).seen(self.file.size)

    def decode(self, *, at_least: tuple[int, int] | None = None) -> Decoded:
        """Decode the pixels; see `OpenedPicture`."""
        file = self.file
        with pillow_errors():
            full_size = file.size
            if at_least is not None:  # for a JPEG; no other format has a draft
                lying = Turn.of(file).seen(at_least)
                file.draft(None, (int(lying[0] * _DRAFT_GAP) + 1, int(lying[1] * _DRAFT_GAP) + 1))
            is_draft = file.size != full_size
            file.load()
            tables = getattr(file, "quantization", None)
            return Decoded(
                image=plain(file),
                full_size=full_size if is_draft else file.size,  # Pillow turns a TIFF while decoding it
                profile=file.info.get("icc_profile") or b"",
                turn=Turn.of(file),
                luma_table=tables.get(_LUMA) if tables else None,
            )


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


def check_pixels(pixels: int) -> None:
    """Check a number of pixels against the cap.

    Raises:
        TooManyPixels: it is above `PICTURE_PIXELS_MAX`.
    """
    if pixels > PICTURE_PIXELS_MAX:
        raise TooManyPixels(pixels=pixels, pixels_max=PICTURE_PIXELS_MAX)


def _judge(file: ImageFile) -> None:
    width_px, height_px = file.size
    check_pixels(width_px * height_px)
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


def _check_tile(width_px: object, height_px: object) -> None:
    """Judge a TIFF's tiles: one may be far larger than the picture, and is decoded whole."""
    if isinstance(width_px, int) and isinstance(height_px, int):  # else there are none, or they can't be decoded
        check_pixels(width_px * height_px)
