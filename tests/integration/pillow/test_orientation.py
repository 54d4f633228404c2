"""Orientation: results are upright, however the camera was held."""

import io
from typing import Final

import pytest
from PIL import Image, ImageChops, ImageStat

from effort import each_value_once
from pictures import decoded, encoded, exif, photograph
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_pillow import PillowProbe, PillowUpscaler

pytestmark = each_value_once

UPRIGHT: Final = (150, 100)
# how a camera that is held like this stores an upright scene: the inverse of what a viewer must do (EXIF 2.32)
STORED: Final = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def stored(orientation: int) -> Image.Image:
    method = STORED[orientation]
    scene = photograph("coffee.png", size=UPRIGHT)
    return scene if method is None else scene.transpose(method)


def assert_upright(data: bytes, *, size: tuple[int, int]) -> None:
    """Check probe and upscaler against the scene's pixels; any other orientation differs by 30 and more on average."""
    facts = PillowProbe().inspect(io.BytesIO(data))
    assert (facts.dimensions.width_px, facts.dimensions.height_px) == UPRIGHT
    wanted = Dimensions(width_px=size[0], height_px=size[1])
    result = decoded(PillowUpscaler().enhance(io.BytesIO(data), size=wanted).content)
    assert result.size == size
    off = ImageChops.difference(result.resize(UPRIGHT), photograph("coffee.png", size=UPRIGHT))
    assert max(ImageStat.Stat(off).mean) < 12


@pytest.mark.parametrize("size", [(600, 400), (75, 50)], ids=["grown", "shrunk"])
@pytest.mark.parametrize("format_", [PictureFormat.JPEG, PictureFormat.PNG, PictureFormat.WEBP, PictureFormat.AVIF])
@pytest.mark.parametrize("orientation", STORED)
def test_the_result_stands_upright(orientation: int, format_: PictureFormat, size: tuple[int, int]) -> None:
    assert_upright(encoded(stored(orientation), format_, exif=exif(orientation=orientation)), size=size)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
@pytest.mark.parametrize("orientation", STORED)
def test_a_tiff_stands_upright(orientation: int, compression: str) -> None:
    data = encoded(stored(orientation), PictureFormat.TIFF, compression=compression, tiffinfo={0x0112: orientation})
    assert_upright(data, size=(300, 200))


@pytest.mark.parametrize("orientation", STORED)
def test_a_large_jpeg_decoded_as_a_draft_stands_upright(orientation: int) -> None:
    large = stored(orientation).resize(
        (1500, 1000) if stored(orientation).size == UPRIGHT else (1000, 1500), Image.Resampling.LANCZOS
    )
    data = encoded(large, exif=exif(orientation=orientation))
    result = decoded(PillowUpscaler().enhance(io.BytesIO(data), size=Dimensions(width_px=150, height_px=100)).content)
    off = ImageChops.difference(result, photograph("coffee.png", size=UPRIGHT))
    assert max(ImageStat.Stat(off).mean) < 12


@pytest.mark.parametrize("orientation", STORED)
def test_orientation_behind_the_pixels_counts_too(orientation: int) -> None:
    """A PNG may have its EXIF chunk after the image data (PNG 1.6, 11.3.4.5)."""
    with_exif = encoded(stored(orientation), PictureFormat.PNG, exif=exif(orientation=orientation))
    start = with_exif.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(with_exif[start : start + 4])
    moved = with_exif[:start] + with_exif[end:-12] + with_exif[start:end] + with_exif[-12:]
    assert_upright(moved, size=(300, 200))
