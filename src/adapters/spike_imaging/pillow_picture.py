"""Pictures that Pillow reads. Its plugins are called directly instead of through `Image.open`.

This way plugins that the process registers don't extend the accepted formats, a phone's multi-picture JPEG is read as
the JPEG that it starts with, and the limit on pixels is Spike's, whatever `Image.MAX_IMAGE_PIXELS` is.
"""

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from attrs import field, frozen
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Image import DecompressionBombError, DecompressionBombWarning, Image, new
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH, TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from spike_core.domain.errors import AnimatedPicture, SpikeError, TooManyPixels, UndecodablePicture
from spike_core.domain.objects import PictureFormat
from spike_imaging.avif_color import avif_facts
from spike_imaging.cicp import ColorEncoding, Signal
from spike_imaging.color import plain
from spike_imaging.decoded import Decoded
from spike_imaging.file_repair import completions, repaired_header
from spike_imaging.jpeg_scans import check_scans
from spike_imaging.limits import allowed_pixels, check_pixels
from spike_imaging.orientation import Turn
from spike_imaging.png_color import png_encoding, png_facts
from spike_imaging.png_stream import check_rows
from spike_imaging.tiny_parts import BlockLimitedFile, without_tiny_parts
from spike_imaging.unsupported import unsupported_kind

_READERS: Final[Mapping[PictureFormat, type[ImageFile]]] = {
    PictureFormat.JPEG: JpegImageFile,
    PictureFormat.PNG: PngImageFile,
    PictureFormat.WEBP: WebPImageFile,
    PictureFormat.GIF: GifImageFile,
    PictureFormat.AVIF: AvifImageFile,
    PictureFormat.TIFF: TiffImageFile,
}
# A JPEG is decoded at a half, a quarter or an eighth of its size if it then is still this many times larger than the
# requested size.
_DRAFT_GAP: Final = 1.5
_EXIF_AS_TEXT: Final = "Raw profile type exif"  # as older programs write it into a PNG
_SHALLOW_BITS: Final = 8  # per channel: the depth that Pillow preserves
_LAST_ROWS: Final = 2  # an interlaced PNG's last pass isn't in the last row if the number of rows is odd
_STRIP_ROWS: Final = 256
_LUMA: Final = 0  # index of the luminance table among a JPEG's quantization tables
_BOMB: Final = re.compile(r"\((\d+) pixels\)")  # Pillow states the number only in its message


@frozen(eq=False)
class PillowPicture:
    """A picture that Pillow reads: its header is checked, its pixels aren't decoded yet."""

    format: PictureFormat
    file: ImageFile
    data: bytes = field(repr=False)

    @classmethod
    @contextmanager
    def opened(cls, data: bytes, format_: PictureFormat) -> Iterator["PillowPicture"]:
        """Open a file of this format and check its header.

        Raises:
            AnimatedPicture, TooManyPixels, UndecodablePicture: see `ImageProbe.inspect`.
        """
        data = without_tiny_parts(data, format_)
        if format_ is PictureFormat.JPEG:
            check_scans(data)
        try:
            picture = cls._of(data, format_)
        except UndecodablePicture as error:
            _raise_if_unsupported(data, format_, error)
            picture = cls._of(repaired_header(data, format_), format_)
        with picture.file:
            yield picture

    @classmethod
    def _of(cls, data: bytes, format_: PictureFormat) -> "PillowPicture":
        with pillow_errors():
            file = _READERS[format_](BlockLimitedFile(data) if format_ is PictureFormat.GIF else io.BytesIO(data))
            try:
                _check_header(file)
                _read_plain_cmyk(file)
            except BaseException:
                file.close()
                raise
        return cls(format_, file, data)

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels, from the header alone: upright for JPEG, as stored for other formats.

        When asked for a PNG's orientation, Pillow decodes the pixels, ignores errors in that, and considers them
        decoded afterwards.
        """
        return Turn.of(self.file).oriented(self.file.size) if self.format is PictureFormat.JPEG else self.file.size

    def decode(self, *, at_least: tuple[int, int] | None = None) -> Decoded:
        """Decode the pixels; see `OpenedPicture`."""
        try:
            return _decoded(self, at_least)
        except UndecodablePicture as error:
            _raise_if_unsupported(self.data, self.format, error)
        first, *others = completions(self.data, self.format)
        whole = _decoded(self._of(first, self.format), at_least)
        if not all(
            _show_the_same(whole.image, _decoded(self._of(data, self.format), at_least).image) for data in others
        ):
            raise UndecodablePicture
        return whole


@contextmanager
def pillow_errors() -> Iterator[None]:
    """Translate Pillow's errors for malformed bytes; `SpikeError` and `MemoryError` pass through.

    Raises:
        TooManyPixels: Pillow refused to decode a picture of this size.
        UndecodablePicture: any other error.
    """
    try:
        yield
    except (SpikeError, MemoryError):
        raise
    except (DecompressionBombError, DecompressionBombWarning) as error:
        announced = _BOMB.search(str(error))
        pixels = int(announced[1]) if announced else allowed_pixels() + 1
        raise TooManyPixels(pixels=pixels, pixels_max=allowed_pixels()) from error
    except Exception as error:  # OSError, SyntaxError, ValueError, struct.error and others; the list is open
        raise UndecodablePicture from error


def _decoded(picture: PillowPicture, at_least: tuple[int, int] | None) -> Decoded:
    with pillow_errors():
        match picture.format:
            case PictureFormat.PNG:
                return _decoded_png(picture.file, picture.data)
            case PictureFormat.AVIF:
                return _decoded_avif(picture.file, picture.data)
            case _:
                return _decoded_by_profile(picture.file, at_least)


def _decoded_by_profile(file: ImageFile, at_least: tuple[int, int] | None) -> Decoded:
    """Decode a picture whose colors are specified by an ICC profile, or not at all."""
    full_size = file.size
    if at_least is not None and isinstance(file, JpegImageFile):  # no other format has a draft mode
        lying = Turn.of(file).oriented(at_least)
        file.draft(None, (int(lying[0] * _DRAFT_GAP) + 1, int(lying[1] * _DRAFT_GAP) + 1))
    is_draft = file.size != full_size
    file.load()
    tables = getattr(file, "quantization", None)
    return Decoded(
        image=on_screen(plain(file), file),
        full_size=full_size if is_draft else file.size,  # Pillow applies a TIFF's orientation while decoding
        profile=file.info.get("icc_profile") or b"",
        turn=Turn.of(file),
        luma_table=tables.get(_LUMA) if tables else None,
    )


def _decoded_png(file: ImageFile, data: bytes) -> Decoded:
    facts = png_facts(data)
    encoding = png_encoding(facts.colors, profile=file.info.get("icc_profile") or b"")
    if facts.bit_depth <= _SHALLOW_BITS:
        file.load()
        if _ends_in_zeros(file):
            check_rows(data)
        _fix_transparent_color(file, facts.bit_depth)
        return _decoded_pixels(file, encoding)
    from spike_imaging import deep_decoding  # noqa: PLC0415  # slow to import

    if facts.exif or _EXIF_AS_TEXT not in file.info:
        file.info.setdefault("exif", facts.exif)  # otherwise Pillow decodes all pixels to look for EXIF after them
    samples = deep_decoding.png_samples(data, size=file.size)
    if not all(row.any() for row in samples[-_LAST_ROWS:]):
        check_rows(data)
    image = deep_decoding.shown(samples, encoding)
    return Decoded(image=image, full_size=image.size, turn=Turn.of(file))


def _decoded_avif(file: ImageFile, data: bytes) -> Decoded:
    facts = avif_facts(data, profile=file.info.get("icc_profile") or b"")
    if facts.bit_depth <= _SHALLOW_BITS:
        file.load()
        return _decoded_pixels(file, facts.encoding)
    from spike_imaging import deep_decoding  # noqa: PLC0415  # slow to import

    samples = deep_decoding.avif_samples(data, size=file.size, bit_depth=facts.bit_depth)
    image = deep_decoding.shown(samples, facts.encoding)
    return Decoded(image=image, full_size=image.size, turn=Turn.of(file))


def _decoded_pixels(file: ImageFile, encoding: ColorEncoding) -> Decoded:
    """Return the pixels that Pillow has decoded, with 8 bits per channel, in the file's encoding."""
    image = plain(file)
    if encoding.signal is not Signal.SDR:
        from spike_imaging import deep_decoding  # noqa: PLC0415  # slow to import

        image = deep_decoding.shown(deep_decoding.samples_of(image), encoding)
    return Decoded(image=image, full_size=file.size, profile=encoding.profile, turn=Turn.of(file))


def _raise_if_unsupported(data: bytes, format_: PictureFormat, error: UndecodablePicture) -> None:
    """Raise an error if a file couldn't be read because its variant isn't supported.

    Raises:
        UnsupportedPicture: its variant isn't supported.
    """
    unsupported = unsupported_kind(data, format_)
    if unsupported is not None:
        raise unsupported from error


def _show_the_same(one: Image, other: Image) -> bool:
    """Return whether all pixels are equal, strip by strip, since a copy would take as much memory as the picture."""
    strips = [(0, top, one.width, min(top + _STRIP_ROWS, one.height)) for top in range(0, one.height, _STRIP_ROWS)]
    return (one.mode, one.size) == (other.mode, other.size) and all(
        one.crop(strip).tobytes() == other.crop(strip).tobytes() for strip in strips
    )


def _fix_transparent_color(file: ImageFile, bits: int) -> None:
    """Scale a PNG's transparent color to 8 bits: Pillow scales pixels of 2 and 4 bits, but not this color.

    Of its 16 bits the lowest count, as many as a sample has (PNG third edition, 11.3.1.1).
    """
    clear, white = file.info.get("transparency"), (1 << bits) - 1
    if file.mode == "L" and isinstance(clear, int):
        file.info["transparency"] = (clear & white) * 255 // white
    elif file.mode == "RGB" and isinstance(clear, tuple):
        file.info["transparency"] = tuple(value & white for value in clear)


def _ends_in_zeros(file: ImageFile) -> bool:
    """Return whether one of the last rows is all zeros, as Pillow leaves rows that are missing in a PNG."""
    tops = range(max(0, file.height - _LAST_ROWS), file.height)
    rows = [file.crop((0, top, file.width, top + 1)) for top in tops]
    return any(not any(row.tobytes()) for row in rows)


def _check_header(file: ImageFile) -> None:
    width_px, height_px = file.size
    check_pixels(width_px * height_px)
    if isinstance(file, TiffImageFile):
        _check_tile(file.tag_v2.get(TILEWIDTH), file.tag_v2.get(TILELENGTH))
    if getattr(file, "is_animated", False):  # only formats with frames have the attribute
        raise AnimatedPicture


def on_screen(image: Image, file: ImageFile) -> Image:
    """Return a GIF's pixels, transparent where its frame doesn't cover the logical screen; other pictures unchanged.

    Browsers show it so, regardless of the background color; and like Pillow, they enlarge a screen that is smaller than
    the frame (GIF89a, sections 18 and 20).
    """
    if not isinstance(file, GifImageFile) or file.dispose_extent in {None, (0, 0, *file.size)}:
        return image
    screen = new("RGBA", image.size)
    screen.paste(image.crop(file.dispose_extent), file.dispose_extent)
    return screen


def _read_plain_cmyk(file: ImageFile) -> None:
    """Have Pillow read a CMYK JPEG without Adobe's marker (APP14) as it is, instead of inverting it.

    Photoshop writes inverted values and marks them; Pillow assumes them in every file, and libjpeg leaves it to the
    caller.
    """
    if isinstance(file, JpegImageFile) and file.mode == "CMYK" and "adobe" not in file.info:
        file.tile = [tile._replace(args=("CMYK", "")) for tile in file.tile]


def _check_tile(width_px: object, height_px: object) -> None:
    """Check the size of a TIFF's tiles: one may be much larger than the picture, and is decoded completely."""
    if isinstance(width_px, int) and isinstance(height_px, int):  # otherwise there are none, or they can't be decoded
        check_pixels(width_px * height_px)
