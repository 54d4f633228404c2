"""Pictures that Pillow reads. Its plugins are called directly, not through `Image.open`.

So the allow-list can't be widened by what else the process has registered, a phone's multi-picture JPEG is read as the
JPEG that it starts with, and the pixel cap is judged by us, whatever `Image.MAX_IMAGE_PIXELS` says.
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
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.objects import PictureFormat
from spike_imaging.avif_color import avif_facts
from spike_imaging.cicp import ColorEncoding, Signal
from spike_imaging.color import plain
from spike_imaging.decoded import Decoded
from spike_imaging.limits import check_pixels
from spike_imaging.orientation import Turn
from spike_imaging.png_color import png_encoding, png_facts
from spike_imaging.png_stream import check_rows
from spike_imaging.repair import completions, repaired_header
from spike_imaging.unsupported import unsupported_kind

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
_EXIF_AS_TEXT: Final = "Raw profile type exif"  # as older programs write it into a PNG
_SHALLOW_BITS: Final = 8  # per channel: as many as Pillow keeps
_LAST_ROWS: Final = 2  # an interlaced PNG's last pass isn't in the last row where the number of rows is odd
_STRIP_ROWS: Final = 256
_LUMA: Final = 0  # index of the luminance table among a JPEG's quantization tables
_BOMB: Final = re.compile(r"\((\d+) pixels\)")  # Pillow states the number only within its message


@frozen(eq=False)
class PillowPicture:
    """A picture that Pillow reads: its header is judged, its pixels aren't decoded yet."""

    format: PictureFormat
    file: ImageFile
    data: bytes = field(repr=False)

    @classmethod
    @contextmanager
    def opened(cls, data: bytes, format_: PictureFormat) -> Iterator["PillowPicture"]:
        """Open a file of this format and judge its header.

        Raises:
            AnimatedPicture, TooManyPixels, UndecodablePicture: see `ImageProbe.inspect`.
        """
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
            file = _READERS[format_](io.BytesIO(data))
            try:
                _judge(file)
                _read_plain_cmyk(file)
            except BaseException:
                file.close()
                raise
        return cls(format_, file, data)

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels, upright for a JPEG, as stored for other formats; by the header alone.

        Where Pillow is asked for a PNG's orientation it decodes the pixels, forgets the error that this may end in, and
        takes them for decoded from then on.
        """
        return Turn.of(self.file).seen(self.file.size) if self.format is PictureFormat.JPEG else self.file.size

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
    """Decode a picture whose colors an ICC profile states, or nothing."""
    full_size = file.size
    if at_least is not None and isinstance(file, JpegImageFile):  # no other format has a draft
        lying = Turn.of(file).seen(at_least)
        file.draft(None, (int(lying[0] * _DRAFT_GAP) + 1, int(lying[1] * _DRAFT_GAP) + 1))
    is_draft = file.size != full_size
    file.load()
    tables = getattr(file, "quantization", None)
    return Decoded(
        image=on_screen(plain(file), file),
        full_size=full_size if is_draft else file.size,  # Pillow turns a TIFF while decoding it
        profile=file.info.get("icc_profile") or b"",
        turn=Turn.of(file),
        luma_table=tables.get(_LUMA) if tables else None,
    )


def _decoded_png(file: ImageFile, data: bytes) -> Decoded:
    facts = png_facts(data)
    encoding = png_encoding(facts.colors, profile=file.info.get("icc_profile") or b"")
    if facts.bit_depth <= _SHALLOW_BITS:
        file.load()
        if _ends_in_nothing(file):
            check_rows(data)
        _mend_clear_color(file, facts.bit_depth)
        return _decoded_pixels(file, encoding)
    from spike_imaging import deep_decoding  # noqa: PLC0415  # it is heavy

    if facts.exif or _EXIF_AS_TEXT not in file.info:
        file.info.setdefault("exif", facts.exif)  # else Pillow decodes all pixels to look behind them
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
    from spike_imaging import deep_decoding  # noqa: PLC0415  # it is heavy

    samples = deep_decoding.avif_samples(data, size=file.size, bit_depth=facts.bit_depth)
    image = deep_decoding.shown(samples, facts.encoding)
    return Decoded(image=image, full_size=image.size, turn=Turn.of(file))


def _decoded_pixels(file: ImageFile, encoding: ColorEncoding) -> Decoded:
    """Return what Pillow has decoded, of 8 bits a channel, in an encoding that the file states."""
    image = plain(file)
    if encoding.signal is not Signal.SDR:
        from spike_imaging import deep_decoding  # noqa: PLC0415  # it is heavy

        image = deep_decoding.shown(deep_decoding.samples_of(image), encoding)
    return Decoded(image=image, full_size=file.size, profile=encoding.profile, turn=Turn.of(file))


def _raise_if_unsupported(data: bytes, format_: PictureFormat, error: UndecodablePicture) -> None:
    """Say of a file that couldn't be read whether that is because of what kind it is.

    Raises:
        UnsupportedPicture: it is.
    """
    unsupported = unsupported_kind(data, format_)
    if unsupported is not None:
        raise unsupported from error


def _show_the_same(one: Image, other: Image) -> bool:
    """Tell whether all pixels are equal, strip by strip: a copy of a large picture takes as much as the picture."""
    strips = [(0, top, one.width, min(top + _STRIP_ROWS, one.height)) for top in range(0, one.height, _STRIP_ROWS)]
    return (one.mode, one.size) == (other.mode, other.size) and all(
        one.crop(strip).tobytes() == other.crop(strip).tobytes() for strip in strips
    )


def _mend_clear_color(file: ImageFile, bits: int) -> None:
    """Bring the color that a PNG declares clear to 8 bits: Pillow scales pixels of 2 and 4 bits, and not this.

    Of its 16 bits the lowest count, as many as a sample has (PNG third edition, 11.3.1.1).
    """
    clear, white = file.info.get("transparency"), (1 << bits) - 1
    if file.mode == "L" and isinstance(clear, int):
        file.info["transparency"] = (clear & white) * 255 // white
    elif file.mode == "RGB" and isinstance(clear, tuple):
        file.info["transparency"] = tuple(value & white for value in clear)


def _ends_in_nothing(file: ImageFile) -> bool:
    """Return whether one of the last rows is zero throughout, as Pillow leaves rows that a PNG doesn't have."""
    tops = range(max(0, file.height - _LAST_ROWS), file.height)
    rows = [file.crop((0, top, file.width, top + 1)) for top in tops]
    return any(not any(row.tobytes()) for row in rows)


def _judge(file: ImageFile) -> None:
    width_px, height_px = file.size
    check_pixels(width_px * height_px)
    if isinstance(file, TiffImageFile):
        _check_tile(file.tag_v2.get(TILEWIDTH), file.tag_v2.get(TILELENGTH))
    if getattr(file, "is_animated", False):  # formats without frames don't have it
        raise AnimatedPicture


def on_screen(image: Image, file: ImageFile) -> Image:
    """Return a GIF's pixels, transparent where its frame leaves the logical screen free; other pictures as they are.

    So browsers show it, whatever the background color says; and like Pillow, they widen a screen that doesn't hold the
    frame (GIF89a, sections 18 and 20).
    """
    if not isinstance(file, GifImageFile) or file.dispose_extent in {None, (0, 0, *file.size)}:
        return image
    screen = new("RGBA", image.size)
    screen.paste(image.crop(file.dispose_extent), file.dispose_extent)
    return screen


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
