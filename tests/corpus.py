"""Odd and hostile files, each with its expected outcome: the picture that it shows, or an error.

The corpus is used for everything that accepts pictures: engines, command line and service.
"""

import struct
import zlib
from collections.abc import Callable, Iterable
from typing import Final

from attrs import frozen
from PIL import Image, ImageCms, ImageOps

from effort import IS_FULL
from pictures import (
    BMP_HEADER,
    HEIC_HEADER,
    HTML,
    JUNK,
    SVG,
    a_gif_that_announces,
    a_jpeg_that_announces,
    a_phone_picture,
    a_png_that_announces,
    a_tiff_with_one_tile,
    a_webp_that_announces,
    an_animation,
    encoded,
    exif,
    photograph,
    png_chunk,
    truncated,
)
from spike_core.domain.errors import (
    AnimatedPicture,
    EmptyFile,
    MultiplePages,
    TooManyPixels,
    UnacceptablePicture,
    UndecodablePicture,
    UnknownPictureFormat,
    UnsupportedPicture,
)
from spike_core.domain.limits import UPLOAD_BYTES_MAX
from spike_core.domain.objects import PictureFormat

SIZE: Final = (96, 64)
PNG: Final = b"\x89PNG\r\n\x1a\n"
_LOSSY: Final = 8  # of 255, in the mean of any cell: lossy formats at usual qualities
_COARSE: Final = 40  # a palette, or a picture in black and white
_CORNER: Final = (0, 0, 48, 32)
_BLOB_BYTES: Final = 5_000_000
_MANY_FRAMES: Final = 20_000
_FILL_BYTES: Final = UPLOAD_BYTES_MAX if IS_FULL else UPLOAD_BYTES_MAX // 10  # Pillow reads one at a time


@frozen
class OddFile:
    """A file, and its expected outcome: an error, or the picture that it shows."""

    make: Callable[[], bytes]
    verdict: type[UnacceptablePicture] | Callable[[], Image.Image]
    tolerance: int = _LOSSY

    @property
    def is_refused(self) -> bool:
        return isinstance(self.verdict, type)

    @property
    def shown(self) -> Image.Image:
        assert not isinstance(self.verdict, type)
        return self.verdict()


def _photo(mode: str = "RGB") -> Image.Image:
    picture = photograph(size=SIZE)
    picture.info = {}
    return picture.convert(mode)


def _gray() -> Image.Image:
    return _photo("L")


def _grey_of_16_bits() -> Image.Image:
    return _gray().convert("I").point(lambda value: value * 257).convert("I;16")


def _grey_of_real_numbers() -> Image.Image:
    return _gray().convert("F").point(lambda value: value * (1 / 255) + 0)


def _truncated(format_: PictureFormat) -> OddFile:
    return OddFile(lambda: truncated(encoded(_photo(), format_)), UndecodablePicture)


def _with_bad_exif(data: bytes) -> OddFile:
    return OddFile(lambda: data, _photo)


def _clear(levels: int = 256) -> Image.Image:
    """Return a photograph whose left side is transparent and whose right side is opaque."""
    slope = Image.linear_gradient("L").rotate(90).resize(SIZE)
    alpha = slope.point([value * levels // 256 * 255 // (levels - 1) for value in range(256)])
    picture = _photo("RGBA")
    picture.putalpha(alpha)
    return picture


def _half_clear() -> Image.Image:
    return _clear(2)


def _cmyk_jpeg(*, adobe: bool) -> bytes:
    """Return a CMYK JPEG: inverted and marked, as Adobe writes it, or plain and unmarked."""
    picture = _photo("CMYK")
    if adobe:
        return encoded(picture, quality=95)
    marked = encoded(Image.merge("CMYK", [ImageOps.invert(band) for band in picture.split()]), quality=95)
    start = marked.index(b"\xff\xee")  # APP14
    return marked[:start] + marked[start + 2 + int.from_bytes(marked[start + 2 : start + 4], "big") :]


def a_png(size: tuple[int, int], *, depth: int, color: int, rows: Iterable[bytes], more: bytes = b"") -> bytes:
    """Return a PNG of these rows (W3C PNG, 11.2), unfiltered; `more` are chunks between header and pixels."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, color, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return PNG + header + more + pixels + png_chunk(b"IEND", b"")


def _rows(picture: Image.Image, *, deep: bool = False) -> list[bytes]:
    data = picture.tobytes()
    if deep:
        data = b"".join(bytes((value, 255 - value)) for value in data)  # the lower byte is noise
    step = len(data) // picture.height
    return [data[start : start + step] for start in range(0, len(data), step)]


def _deep_png(mode: str, color: int) -> bytes:
    picture = _clear().convert(mode)
    return a_png(SIZE, depth=16, color=color, rows=_rows(picture, deep=True))


def _with_chunk(kind: bytes, body: bytes, *, times: int = 1) -> bytes:
    """Return a valid PNG with another chunk after its header."""
    data = encoded(_photo(), PictureFormat.PNG)
    end = len(PNG) + 25
    return data[:end] + png_chunk(kind, body) * times + data[end:]


def _png_with_wrong_checksum() -> bytes:
    data = bytearray(encoded(_photo(), PictureFormat.PNG))
    data[len(PNG) + 24] ^= 0xFF  # the last byte of the header's
    return bytes(data)


def _with_segments(marker: int, bodies: Iterable[bytes]) -> bytes:
    """Return a valid JPEG with other segments after its start."""
    data = encoded(_photo(), quality=95)
    segments = (bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body for body in bodies)
    return data[:2] + b"".join(segments) + data[2:]


def _icc_parts(total: int) -> list[bytes]:
    return [b"ICC_PROFILE\0" + bytes((part + 1, total)) + bytes(65_000) for part in range(total)]


def _jpeg_with_exif(body: bytes) -> bytes:
    return _with_segments(0xE1, [b"Exif\0\0" + body])


def _bad_exif() -> dict[str, bytes]:
    entry = struct.Struct("<HHII")
    head = b"II*\0" + struct.pack("<IH", 8, 1)
    return {
        "a length beyond the file": _jpeg_with_exif(head + entry.pack(0x010F, 2, 0xFFFFFFF0, 26)),
        "an offset beyond the file": _jpeg_with_exif(head + entry.pack(0x010F, 2, 400, 0xFFFFFF00)),
        "a directory that is its own next": _jpeg_with_exif(head + entry.pack(0x8769, 4, 1, 8) + struct.pack("<I", 8)),
        "more entries than bytes": _jpeg_with_exif(b"II*\0" + struct.pack("<IH", 8, 65_535)),
        "an orientation of 99": _jpeg_with_exif(head + entry.pack(0x0112, 3, 1, 99) + bytes(4)),
        "an orientation that is text": _jpeg_with_exif(head + entry.pack(0x0112, 2, 4, 0x41414141) + bytes(4)),
        "nothing": _jpeg_with_exif(b""),
    }


def _gif_of_frames(count: int) -> bytes:
    """Return a GIF of many frames of one pixel."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * count + b"\x3b"


def _tiff_of_pages(count: int) -> bytes:
    """Return a TIFF of many pages that share one strip."""
    layout = [(256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 1)]
    out = b"II*\0" + struct.pack("<I", 16) + bytes(8)
    length = 2 + 12 * len(layout) + 4
    for page in range(count):
        following = 16 + (page + 1) * length if page + 1 < count else 0
        out += struct.pack("<H", len(layout))
        out += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in layout)
        out += struct.pack("<I", following)
    return out


def _tiff(picture: Callable[[], Image.Image], **options: object) -> Callable[[], bytes]:
    return lambda: encoded(picture(), PictureFormat.TIFF, **options)


def _deflated(data: bytes, *, zeros_mb: int) -> bytes:
    """Return data and so many million zeros, deflated (RFC 1950): a million is compressed once, and repeated."""
    million = bytes(1_000_000)
    squeezer = zlib.compressobj(9)
    head = squeezer.compress(data) + squeezer.flush(zlib.Z_FULL_FLUSH)
    block = squeezer.compress(million) + squeezer.flush(zlib.Z_FULL_FLUSH)
    checksum = zlib.adler32(data)
    for _ in range(zeros_mb):
        checksum = zlib.adler32(million, checksum)
    return head + block * zeros_mb + b"\x03\0" + checksum.to_bytes(4)  # the empty last block


def _overflowing_png() -> bytes:
    """Return a PNG with far more pixels than its header states: 300 MB after 64 rows."""
    body = _deflated(b"".join(b"\0" + row for row in _rows(_photo())), zeros_mb=300)
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, 8, 2, 0, 0, 0))
    return PNG + header + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")


def _wide_gamut() -> bytes:
    """Return a picture of a gray ramp whose profile is of another color space, XYZ, than its RGB pixels."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    return encoded(_photo(), PictureFormat.PNG, icc_profile=profile)


def _lying_profile() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[0:4] = struct.pack(">I", 0x7FFFFFFF)
    return encoded(_photo(), PictureFormat.PNG, icc_profile=bytes(profile))


def _tall() -> Image.Image:
    return _photo().resize((1, 20_000))


def _wide() -> Image.Image:
    return _photo().resize((20_000, 1))


def _dot() -> Image.Image:
    return Image.new("RGB", (1, 1), (200, 100, 50))


def _black_and_white() -> Image.Image:
    return _gray().convert("1", dither=Image.Dither.NONE)


def _packed(values: bytes, *, bits: int) -> int:
    """Return the byte that contains these small values, the first one in the highest bits."""
    return sum(value << (8 - bits * (place + 1)) for place, value in enumerate(values))


def _few_bits(bits: int) -> tuple[bytes, Image.Image]:
    """Return a gray PNG of 2 or 4 bits per pixel, and the picture that it shows."""
    top = (1 << bits) - 1
    numbers = _gray().point(lambda value: value * top // 255)
    per_byte = 8 // bits
    rows = []
    for row in _rows(numbers):
        groups = (row[start : start + per_byte] for start in range(0, len(row), per_byte))
        rows.append(bytes(_packed(group, bits=bits) for group in groups))
    return a_png(SIZE, depth=bits, color=0, rows=rows), numbers.point(lambda value: value * 255 // top)


def _keyed(picture: Image.Image) -> Image.Image:
    """Return the picture with the corner of `_blocks` made transparent."""
    shown = picture.convert("RGBA")
    shown.paste((0, 0, 0, 0), _CORNER)
    return shown


def _blocks() -> Image.Image:
    """Return a picture with a corner in a color that occurs nowhere else."""
    picture = _photo().point(lambda value: max(value, 20))
    picture.paste((3, 4, 5), _CORNER)
    return picture


def _grey_blocks() -> Image.Image:
    picture = _gray().point(lambda value: max(value, 20))
    picture.paste(3, _CORNER)
    return picture


def _oriented(orientation: int, method: Image.Transpose) -> OddFile:
    return OddFile(
        lambda: encoded(_photo(), quality=95, exif=exif(orientation=orientation)), lambda: _photo().transpose(method)
    )


_REFUSED: Final = {
    "nothing": OddFile(lambda: b"", EmptyFile),
    "junk": OddFile(lambda: JUNK, UnknownPictureFormat),
    "HTML named .png": OddFile(lambda: HTML, UnknownPictureFormat),
    "SVG named .png": OddFile(lambda: SVG, UnsupportedPicture),
    "BMP": OddFile(lambda: BMP_HEADER, UnknownPictureFormat),
    "HEIC without a picture": OddFile(lambda: HEIC_HEADER, UndecodablePicture),
    "PDF before a JPEG": OddFile(lambda: b"%PDF-1.7\n" + encoded(_photo()), UnsupportedPicture),
    "a signature alone": OddFile(lambda: PNG, UndecodablePicture),
    **{f"truncated {each.value}": _truncated(each) for each in PictureFormat},
    "10 MB of zeros that say JPEG": OddFile(
        lambda: (b"\xff\xd8\xff\xe0" + bytes(UPLOAD_BYTES_MAX))[:UPLOAD_BYTES_MAX], UndecodablePicture
    ),
    "10 MB of junk that says PNG": OddFile(
        lambda: (PNG + JUNK * (UPLOAD_BYTES_MAX // len(JUNK) + 1))[:UPLOAD_BYTES_MAX], UndecodablePicture
    ),
    "megabytes of fill bytes in a JPEG": OddFile(lambda: b"\xff\xd8" + b"\xff" * (_FILL_BYTES - 2), UndecodablePicture),
    "PNG bomb by header": OddFile(lambda: a_png_that_announces(30_000, 30_000), TooManyPixels),
    "PNG of the largest sides": OddFile(lambda: a_png_that_announces(2**31 - 1, 2**31 - 1), TooManyPixels),
    "JPEG bomb by header": OddFile(lambda: a_jpeg_that_announces(65_000, 65_000), TooManyPixels),
    "GIF bomb by header": OddFile(lambda: a_gif_that_announces(15_000, 15_000), TooManyPixels),
    "WebP bomb by header": OddFile(lambda: a_webp_that_announces(16_383, 16_383), TooManyPixels),
    "TIFF bomb by tile": OddFile(lambda: a_tiff_with_one_tile(15_000, 15_000), TooManyPixels),
    "PNG without width": OddFile(lambda: a_png_that_announces(0, 5), UndecodablePicture),
    "PNG without height": OddFile(lambda: a_png_that_announces(5, 0), UndecodablePicture),
    "JPEG without height": OddFile(lambda: a_jpeg_that_announces(64, 0), UndecodablePicture),
    "animated GIF": OddFile(lambda: an_animation(PictureFormat.GIF), AnimatedPicture),
    "animated WebP": OddFile(lambda: an_animation(PictureFormat.WEBP), AnimatedPicture),
    "animated PNG": OddFile(lambda: an_animation(PictureFormat.PNG), AnimatedPicture),
    "animated AVIF": OddFile(lambda: an_animation(PictureFormat.AVIF), AnimatedPicture),
    "TIFF of two pages": OddFile(lambda: an_animation(PictureFormat.TIFF), MultiplePages),
    "GIF bomb by frames": OddFile(lambda: _gif_of_frames(_MANY_FRAMES), AnimatedPicture),
    "TIFF bomb by pages": OddFile(lambda: _tiff_of_pages(5_000), MultiplePages),
    "PNG bomb by frames": OddFile(lambda: _with_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)), AnimatedPicture),
    "PNG bomb by ICC profile": OddFile(lambda: _with_chunk(b"iCCP", b"x\0\0" + _deflated(b"", zeros_mb=300)), _photo),
    "PNG bomb by text": OddFile(lambda: _with_chunk(b"zTXt", b"x\0\0" + _deflated(b"", zeros_mb=300)), _photo),
    "PNG bomb by many texts": OddFile(
        lambda: _with_chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(1_000_000), 9), times=1000), _photo
    ),
    "PNG with a wrong checksum": OddFile(_png_with_wrong_checksum, UndecodablePicture),
}

_TAKEN: Final = {
    "JPEG named .png": OddFile(lambda: encoded(_photo(), quality=95), _photo),
    "progressive JPEG": OddFile(lambda: encoded(_photo(), quality=95, progressive=True), _photo),
    "grey JPEG": OddFile(lambda: encoded(_gray(), quality=95), _gray),
    "CMYK JPEG": OddFile(lambda: _cmyk_jpeg(adobe=False), _photo, tolerance=12),
    "CMYK JPEG by Adobe": OddFile(lambda: _cmyk_jpeg(adobe=True), _photo, tolerance=12),
    "phone JPEG with a second picture": OddFile(
        lambda: a_phone_picture(size=SIZE), lambda: photograph(size=SIZE), tolerance=12
    ),
    "JPEG before a ZIP": OddFile(lambda: encoded(_photo(), quality=95) + b"PK\3\4" + JUNK, _photo),
    "PNG before HTML": OddFile(lambda: encoded(_photo(), PictureFormat.PNG) + HTML, _photo),
    "GIF before a script": OddFile(
        lambda: encoded(_photo(), PictureFormat.GIF) + b"=1;alert(1)//", _photo, tolerance=_COARSE
    ),
    "PNG of 16 bits, grey": OddFile(lambda: _deep_png("L", 0), _gray),
    "PNG of 16 bits, RGB": OddFile(lambda: _deep_png("RGB", 2), _photo),
    "PNG of 16 bits, RGBA": OddFile(lambda: _deep_png("RGBA", 6), _clear),
    "PNG of 16 bits, grey and alpha": OddFile(lambda: _deep_png("LA", 4), lambda: _clear().convert("LA")),
    "PNG of 1 bit": OddFile(lambda: encoded(_black_and_white(), PictureFormat.PNG), _black_and_white),
    "PNG of 2 bits": OddFile(lambda: _few_bits(2)[0], lambda: _few_bits(2)[1]),
    "PNG of 4 bits": OddFile(lambda: _few_bits(4)[0], lambda: _few_bits(4)[1]),
    "PNG with palette": OddFile(lambda: encoded(_photo("P"), PictureFormat.PNG), _photo, tolerance=_COARSE),
    "PNG with palette and transparency": OddFile(
        lambda: encoded(_half_clear().quantize(64), PictureFormat.PNG), _half_clear, tolerance=_COARSE
    ),
    "grey PNG with a transparent color": OddFile(
        lambda: encoded(_grey_blocks(), PictureFormat.PNG, transparency=3), lambda: _keyed(_grey_blocks()), 14
    ),
    "PNG with a transparent color": OddFile(
        lambda: encoded(_blocks(), PictureFormat.PNG, transparency=(3, 4, 5)), lambda: _keyed(_blocks()), 14
    ),
    "PNG with 300 MB too many pixels": OddFile(_overflowing_png, _photo),
    "PNG with much Exif": OddFile(lambda: _with_chunk(b"eXIf", bytes(_BLOB_BYTES)), _photo),
    "PNG with a broken profile": OddFile(lambda: _with_chunk(b"iCCP", b"x\0\0" + zlib.compress(b"junk")), _photo),
    "PNG with a profile that lies about its size": OddFile(_lying_profile, _photo),
    "PNG with a profile for other pixels": OddFile(_wide_gamut, _photo),
    "JPEG with 6 MB of profile": OddFile(lambda: _with_segments(0xE2, _icc_parts(90)), _photo),
    "JPEG with 6 MB of Exif": OddFile(lambda: _with_segments(0xE1, [b"Exif\0\0II*\0" + bytes(65_000)] * 90), _photo),
    "JPEG with 6 MB of comments": OddFile(lambda: _with_segments(0xFE, [bytes(65_000)] * 90), _photo),
    **{f"JPEG whose Exif has {name}": _with_bad_exif(data) for name, data in _bad_exif().items()},
    "JPEG mirrored by Exif": _oriented(2, Image.Transpose.FLIP_LEFT_RIGHT),
    "JPEG turned by Exif": _oriented(6, Image.Transpose.ROTATE_270),
    "JPEG turned and mirrored by Exif": _oriented(7, Image.Transpose.TRANSVERSE),
    "WebP with alpha": OddFile(lambda: encoded(_clear(), PictureFormat.WEBP, quality=95), _clear, tolerance=12),
    "WebP without loss": OddFile(lambda: encoded(_photo(), PictureFormat.WEBP, lossless=True), _photo),
    "WebP with a junk profile and Exif": OddFile(
        lambda: encoded(_photo(), PictureFormat.WEBP, quality=95, icc_profile=JUNK, exif=JUNK), _photo
    ),
    "AVIF in 4:4:4": OddFile(lambda: encoded(_photo(), PictureFormat.AVIF, subsampling="4:4:4", quality=95), _photo),
    "AVIF with alpha": OddFile(lambda: encoded(_clear(), PictureFormat.AVIF, quality=95), _clear, tolerance=12),
    "AVIF in grey": OddFile(lambda: encoded(_gray(), PictureFormat.AVIF, subsampling="4:0:0", quality=95), _gray),
    "AVIF of odd sides": OddFile(
        lambda: encoded(_photo().crop((0, 0, 33, 17)), PictureFormat.AVIF, quality=95),
        lambda: _photo().crop((0, 0, 33, 17)),
        tolerance=14,
    ),
    "HEIC": OddFile(lambda: encoded(_photo(), PictureFormat.HEIC, quality=90), _photo, tolerance=12),
    "HEIC in tiles": OddFile(
        lambda: encoded(_photo(), PictureFormat.HEIC, quality=90, tile_size=64), _photo, tolerance=12
    ),
    "HEIC with alpha": OddFile(lambda: encoded(_clear(), PictureFormat.HEIC, quality=90), _clear, tolerance=12),
    "HEIC in grey": OddFile(lambda: encoded(_gray(), PictureFormat.HEIC, quality=90), _gray, tolerance=12),
    "TIFF in tiles": OddFile(lambda: a_tiff_with_one_tile(64, 64), lambda: Image.new("L", (64, 48))),
    **{
        f"TIFF by {name}": OddFile(_tiff(_photo, compression=name), _photo)
        for name in ("tiff_lzw", "tiff_deflate", "packbits", "tiff_adobe_deflate", "zstd", "lzma")
    },
    "TIFF by jpeg": OddFile(_tiff(_photo, compression="jpeg", quality=95), _photo),
    "TIFF by group4": OddFile(_tiff(_black_and_white, compression="group4"), _black_and_white),
    "TIFF in CMYK": OddFile(_tiff(lambda: _photo("CMYK")), _photo),
    "TIFF with alpha": OddFile(_tiff(_clear), _clear),
    "TIFF with a palette": OddFile(_tiff(lambda: _photo("P")), _photo, tolerance=_COARSE),
    "TIFF of 16 bits": OddFile(_tiff(_grey_of_16_bits), _gray),
    "TIFF of real numbers": OddFile(_tiff(_grey_of_real_numbers), _gray),
    "1x1": OddFile(lambda: encoded(_dot(), PictureFormat.PNG), _dot),
    "1x20000": OddFile(lambda: encoded(_tall(), PictureFormat.PNG), _tall, tolerance=30),
    "20000x1": OddFile(lambda: encoded(_wide(), PictureFormat.PNG), _wide, tolerance=30),
}

CORPUS: Final = _REFUSED | _TAKEN


def strays(made: Image.Image, file: OddFile) -> str:
    """Describe how a result differs from the picture that its file shows, compared by cells; empty if it doesn't."""
    shown = file.shown
    has_alpha = "A" in shown.getbands()
    if ("A" in made.getbands()) is not has_alpha:
        return "it has transparency" if not has_alpha else "its transparency is lost"
    cells = (min(made.width, 12), min(made.height, 8))
    one, other = (_cells(picture, cells, "RGBA" if has_alpha else "RGB") for picture in (made, shown))
    far = max(max(abs(a - b) for a, b in zip(x, y, strict=True)) for x, y in zip(one, other, strict=True))
    return f"a cell is {far} of 255 off" if far > file.tolerance else ""


def _cells(picture: Image.Image, cells: tuple[int, int], mode: str) -> list[tuple[int, ...]]:
    plain = picture.convert(mode)
    seen = (plain.convert("RGBa") if mode == "RGBA" else plain).resize(cells, Image.Resampling.BOX)
    data = seen.tobytes()
    return [tuple(data[start : start + len(mode)]) for start in range(0, len(data), len(mode))]
