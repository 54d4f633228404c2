"""Real pictures for the suites of engines, drawn by Pillow; the extra `pillow` of Spike brings it along."""

import functools
import importlib
import io
import struct
import zlib
from typing import Any, Final

import pytest
from PIL import Image, ImageChops, ImageCms

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.limits import PICTURE_PIXELS_MAX
from spike_core.domain.objects import PictureFormat

_ORIENTATION: Final = 0x0112  # EXIF 2.32: 6 turns by 90 degrees clockwise for display
_GPS: Final = 0x8825
_NOISE_PX: Final = 24


def draw_picture(size: Dimensions, format_: PictureFormat = PictureFormat.JPEG, flaw: str = "") -> bytes:
    """Return gradients in three directions, one per color, with a flaw of `spike_contracts.probe.MakePicture`.

    A picture over the pixel limit consists of a header alone. Without pillow-heif, a test that needs HEIC is skipped.
    """
    if size.pixels > PICTURE_PIXELS_MAX:
        return _a_png_that_announces(size)
    picture, options = _drawn(size.sides_px, flaw)
    if flaw == "animated":
        options = {"save_all": True, "append_images": [picture.transpose(Image.Transpose.ROTATE_180)]}
    data = _encoded(picture, format_, options)
    return data[: int(len(data) * 0.6)] if flaw == "corrupt" else data


def _drawn(size: tuple[int, int], flaw: str) -> tuple[Image.Image, dict[str, Any]]:
    """Return the pixels to store, and Pillow's options of the file."""
    if flaw == "blank":
        return Image.new("RGB", size, (120, 90, 60)), {}
    picture, tags = _gradients(size), Image.Exif()
    match flaw:
        case "dark":
            picture = picture.point(lambda value: value // 10)
        case "tinted":
            picture = picture.point([min(255, value + 60) for value in range(256)] + list(range(256)) * 2)
        case "half":
            picture.paste((0, 0, 0), (0, size[1] // 2, *size))
        case "burst":
            picture.paste(_noise(), (size[0] // 2, size[1] // 3))
        case "transparent":
            picture.putalpha(Image.linear_gradient("L").resize(size))
        case "rotated":
            tags[_ORIENTATION] = 6
            return picture.transpose(Image.Transpose.ROTATE_90), {"exif": tags.tobytes()}
        case "profiled":
            red, green, blue = picture.split()
            return Image.merge("RGB", (blue, green, red)), {"icc_profile": _swapped_profile()}
        case "located":
            tags.get_ifd(_GPS).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
            return picture, {"exif": tags.tobytes()}
        case _:
            assert flaw in {"", "animated", "corrupt"}, flaw
    return picture, {}


def _gradients(size: tuple[int, int]) -> Image.Image:
    ramp = Image.linear_gradient("L")
    across = ramp.rotate(90)
    return Image.merge("RGB", [band.resize(size) for band in (ramp, across, ImageChops.blend(ramp, across, 0.5))])


def _noise() -> Image.Image:
    """Return saturated noise, the same each time: each channel of each pixel is 0 or 255."""
    bits = zlib.compress(bytes(range(256)) * 64, 0)[: 3 * _NOISE_PX**2]
    hashed = bytes((byte * 197 + place * 89) % 256 for place, byte in enumerate(bits))
    return Image.frombytes("RGB", (_NOISE_PX, _NOISE_PX), hashed).point(lambda value: 255 * (value >> 7))


@functools.cache
def _swapped_profile() -> bytes:
    """Return the profile of a color space that is sRGB with red and blue in each other's place."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"swap", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"swap", b"bXYZ", 1)


def _encoded(picture: Image.Image, format_: PictureFormat, options: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    if format_ is PictureFormat.HEIC:
        try:
            heif = importlib.import_module("pillow_heif")
        except ImportError:
            pytest.skip("HEIC needs pillow-heif")
        heif.from_pillow(picture).save(out, **options)
    else:
        picture.save(out, format_.value, **options)
    return out.getvalue()


def _a_png_that_announces(size: Dimensions) -> bytes:
    header = struct.pack(">IIBBBBB", size.width_px, size.height_px, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
