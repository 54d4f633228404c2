"""Real photographs from scikit-image's data folder, encoded in any format, and hostile files."""

import functools
import importlib
import importlib.util
import io
import random
import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from PIL import Image, ImageCms, ImageOps

from missing import do_without
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.objects import PictureFormat

CHELSEA: Final = "chelsea.png"
PHOTOGRAPHS: Final = ("astronaut.png", CHELSEA, "coffee.png", "rocket.jpg", "motorcycle_left.png", "retina.jpg")

HTML: Final = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"
SVG: Final = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
JUNK: Final = bytes(range(256)) * 40
HEIC_HEADER: Final = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(400)
_BURST_PX: Final = 24
BMP_HEADER: Final = b"BM" + bytes(200)

# the tags of EXIF that the tests write: Make, Orientation, GPS position (EXIF 2.32)
_EXIF_MAKE: Final = 0x010F
_EXIF_ORIENTATION: Final = 0x0112
_EXIF_GPS: Final = 0x8825


@functools.cache
def _folder() -> Path:
    spec = importlib.util.find_spec("skimage")  # finds the package without importing it
    assert spec is not None, "scikit-image is a development dependency"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "data"


@functools.cache
def _photograph(name: str) -> Image.Image:
    with Image.open(_folder() / name) as picture:
        return picture.convert("RGB")


def photograph(name: str = CHELSEA, *, size: tuple[int, int] | None = None) -> Image.Image:
    """Return a photograph in RGB; cropped and resized to `size` if it is given."""
    picture = _photograph(name)
    return picture.copy() if size is None else ImageOps.fit(picture, size, Image.Resampling.LANCZOS)


def encoded(picture: Image.Image, format_: PictureFormat | str = PictureFormat.JPEG, /, **options: Any) -> bytes:
    """Return the picture's bytes; the options are Pillow's."""
    out = io.BytesIO()
    if format_ is PictureFormat.HEIC:
        bare = picture.copy()
        bare.info = {}  # the library would write all of it
        pillow_heif().from_pillow(bare).save(out, **options)
    else:
        picture.save(out, format_.value if isinstance(format_, PictureFormat) else format_, **options)
    return out.getvalue()


def pillow_heif() -> ModuleType:
    """Return the library that writes HEIC; if it isn't installed, the test is skipped."""
    try:
        return importlib.import_module("pillow_heif")
    except ImportError:
        do_without("HEIC needs pillow-heif: pip install pillow-heif")


def decoded(data: bytes) -> Image.Image:
    """Return the pixels, by Pillow's own reader."""
    if data[4:8] == b"ftyp" and data[8:12] != b"avif":
        return pillow_heif().open_heif(data).to_pillow()  # type: ignore[no-any-return]  # it ships half of its types
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        return picture


def a_photo(  # noqa: PLR0911  # one per flaw
    size: Dimensions, format_: PictureFormat = PictureFormat.JPEG, flaw: str = ""
) -> bytes:
    """Return an encoded photograph; `flaw` is one of `MakePicture` in `spike_contracts.probe`.

    A picture over the pixel limit of uploads consists only of a header, unless it is blank.
    """
    if size.pixels > PICTURE_PIXELS_MAX and flaw != "blank":
        return a_png_that_announces(size.width_px, size.height_px)
    width_height = (size.width_px, size.height_px)
    match flaw:
        case "blank" if size.pixels > PICTURE_PIXELS_MAX // 2:
            return encoded(Image.new("1", width_height), format_)
        case "blank":
            return encoded(Image.new("RGB", width_height, (120, 90, 60)), format_)
        case "animated":
            return an_animation(format_ if format_ is not PictureFormat.JPEG else PictureFormat.GIF, size=width_height)
        case "located":
            return encoded(photograph(size=width_height), format_, exif=exif())
        case "rotated":
            lying = photograph(size=width_height).transpose(Image.Transpose.ROTATE_90)
            tags = Image.Exif()
            tags[_EXIF_ORIENTATION] = 6  # turned by 90 degrees clockwise for display
            return encoded(lying, format_, exif=tags.tobytes())
        case "profiled":
            red, green, blue = photograph(size=width_height).split()
            return encoded(Image.merge("RGB", (blue, green, red)), format_, icc_profile=_swapped_profile())
        case "transparent":
            picture = photograph(size=width_height)
            picture.putalpha(Image.linear_gradient("L").resize(width_height))
            return encoded(picture, format_)
        case "corrupt":
            return truncated(encoded(photograph(size=width_height), format_))
        case _:
            return encoded(flawed(photograph(size=width_height), flaw), format_)


@functools.cache
def _swapped_profile() -> bytes:
    """Return the profile of a color space that is sRGB with red and blue in each other's place."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"swap", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"swap", b"bXYZ", 1)


def flawed(picture: Image.Image, flaw: str) -> Image.Image:
    """Return an RGB picture spoiled as an engine may: `dark`, `tinted`, `half`, `burst`; unchanged if empty."""
    spoiled = picture.copy()
    match flaw:
        case "dark":
            spoiled = picture.point(lambda value: value // 10)
        case "tinted":
            spoiled = picture.point([min(255, value + 60) for value in range(256)] + list(range(256)) * 2)
        case "burst":
            spoiled.paste(noise(_BURST_PX, seed=1), (picture.width // 2, picture.height // 3))
        case "half":
            spoiled.paste((0, 0, 0), (0, picture.height // 2, picture.width, picture.height))
        case _:
            assert not flaw
    return spoiled


def noise(side_px: int, *, seed: int) -> Image.Image:
    """Return saturated noise, as from a network that diverged: each channel of each pixel is 0 or 255."""
    bits = random.Random(seed).randbytes(3 * side_px * side_px)  # noqa: S311  # the same every time
    return Image.frombytes("RGB", (side_px, side_px), bits).point(lambda value: 255 * (value >> 7))


def an_animation(format_: PictureFormat, *, size: tuple[int, int] = (64, 48)) -> bytes:
    """Return two frames: an animation, or a TIFF of two pages."""
    frames = [photograph(size=size), photograph("coffee.png", size=size)]
    return encoded(frames[0], format_, save_all=True, append_images=frames[1:])


def a_phone_picture(*, size: tuple[int, int] = (320, 240)) -> bytes:
    """Return a JPEG with a second picture after it, as many phones write (CIPA DC-007, multi-picture format)."""
    return encoded(photograph(size=size), "MPO", save_all=True, append_images=[photograph("coffee.png", size=size)])


def exif(*, orientation: int = 1) -> bytes:
    """Return metadata with an orientation, a maker and a position."""
    tags = Image.Exif()
    tags[_EXIF_ORIENTATION] = orientation
    tags[_EXIF_MAKE] = "SecretCamera"
    tags.get_ifd(_EXIF_GPS).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return tags.tobytes()


def truncated(data: bytes, *, share: float = 0.6) -> bytes:
    """Return the first bytes only."""
    return data[: int(len(data) * share)]


def a_png_that_announces(width_px: int, height_px: int) -> bytes:
    """Return a PNG of some 70 bytes whose header states any size."""
    header = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in chunks)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk with its length and checksum (W3C PNG, 5.3)."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def a_jpeg_that_announces(width_px: int, height_px: int) -> bytes:
    """Return a small JPEG whose frame header states any size up to 65535 a side."""
    data = bytearray(encoded(photograph(size=(64, 48))))
    frame = data.index(b"\xff\xc0")  # SOF0: length, precision, height, width
    data[frame + 5 : frame + 9] = struct.pack(">HH", height_px, width_px)
    return bytes(data)


def a_gif_that_announces(width_px: int, height_px: int) -> bytes:
    """Return a small GIF whose screen states any size up to 65535 a side."""
    data = bytearray(encoded(photograph(size=(64, 48)), PictureFormat.GIF))
    data[6:10] = struct.pack("<HH", width_px, height_px)
    return bytes(data)


def a_webp_that_announces(width_px: int, height_px: int) -> bytes:
    """Return a small WebP whose canvas states any size."""
    data = bytearray(encoded(photograph(size=(64, 48)), PictureFormat.WEBP, exif=exif()))
    canvas = data.index(b"VP8X") + 12  # after the chunk's size and flags: two numbers of 24 bits
    data[canvas : canvas + 6] = (width_px - 1).to_bytes(3, "little") + (height_px - 1).to_bytes(3, "little")
    return bytes(data)


def a_tiff_with_one_tile(width_px: int, height_px: int) -> bytes:
    """Return a gray TIFF of 64x48 pixels, deflated, in one tile that states any size (TIFF 6.0, sections 2 and 15)."""
    pixels = zlib.compress(bytes(64 * 64))
    layout = {256: 64, 257: 48, 258: 8, 259: 8, 262: 1, 277: 1, 322: width_px, 323: height_px}
    data_offset = 8 + 2 + 12 * (len(layout) + 2) + 4
    layout |= {324: data_offset, 325: len(pixels)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in layout.items())  # one LONG each
    return b"II*\0" + struct.pack("<IH", 8, len(layout)) + entries + bytes(4) + pixels


def a_tiff_of_numbers(
    mode: str, numbers: Iterable[float], *, size: tuple[int, int], tags: Mapping[int, float] | None = None
) -> bytes:
    """Return a TIFF of deep pixels, row by row: mode `I;16`, `I` or `F`."""
    picture = Image.new(mode, size)
    for index, number in enumerate(numbers):
        picture.putpixel((index % size[0], index // size[0]), number)
    return encoded(picture, PictureFormat.TIFF, tiffinfo=dict(tags or {}))
