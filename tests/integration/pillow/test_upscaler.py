"""The classical engine on real photographs: size, encoding, detail, metadata."""

import io
from typing import Final

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat, JpegImagePlugin

import graphic_drawings as draw
from effort import each_value_once
from pictures import PHOTOGRAPHS, a_phone_picture, a_photo, decoded, encoded, exif, photograph
from spike_contracts.probe import MakePicture
from spike_contracts.upscaler import UpscalerContract
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UpscalerUnavailable
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.ports.probe import ImageProbe
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_pillow import PillowProbe, PillowUpscaler

pytestmark = each_value_once

LANCZOS: Final = Image.Resampling.LANCZOS
BICUBIC: Final = Image.Resampling.BICUBIC


class TestPillowUpscaler(UpscalerContract):
    @pytest.fixture
    def upscaler(self) -> Upscaler:
        return PillowUpscaler()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return PillowProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_photo


def enhance(data: bytes, width_px: int, height_px: int) -> RenderedImage:
    return PillowUpscaler().enhance(io.BytesIO(data), size=Dimensions(width_px=width_px, height_px=height_px))


def psnr(first: Image.Image, second: Image.Image) -> float:
    """Return the peak signal-to-noise ratio as a plain number, not in dB: twice as large is 3 dB better."""
    squares = ImageStat.Stat(ImageChops.difference(first, second)).sum2
    return 255**2 * first.width * first.height * 3 / (sum(squares) or 1e-9)


@pytest.mark.parametrize("tier", [Tier.TIER_1K, Tier.TIER_2K, Tier.TIER_4K])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_keeps_its_content_at_every_tier(name: str, tier: Tier) -> None:
    """Resized back to its original size, the result equals the original."""
    original = photograph(name)
    size = SPECIFIED[tier].output_size(Dimensions(width_px=original.width, height_px=original.height))
    picture = enhance(encoded(original, PictureFormat.PNG), size.width_px, size.height_px)
    result = decoded(picture.content)
    assert max(result.size) == SPECIFIED[tier].longest_side_px
    assert result.width / result.height == pytest.approx(original.width / original.height, rel=0.002)
    floor = 500 if max(original.size) <= SPECIFIED[tier].longest_side_px else 200  # 27 dB; 23 dB where detail must go
    assert psnr(result.resize(original.size, LANCZOS), original) > floor


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png"])
def test_what_was_reduced_comes_back_better_than_by_lanczos_and_bicubic(name: str) -> None:
    original = photograph(name)
    original = original.crop((0, 0, original.width // 2 * 2, original.height // 2 * 2))
    half = original.resize((original.width // 2, original.height // 2), BICUBIC)
    result = decoded(enhance(encoded(half, PictureFormat.PNG), *original.size).content)
    assert psnr(result, original) > psnr(half.resize(original.size, LANCZOS), original)
    assert psnr(result, original) > 1.05 * psnr(half.resize(original.size, BICUBIC), original)


@pytest.mark.parametrize("name", ["astronaut.png", "coffee.png"])
def test_detail_is_brought_out_without_halos(name: str) -> None:
    """More contrast between pixels than with plain Lanczos, and hardly a value beyond the original's range."""
    small = photograph(name, size=(300, 200))
    plain = small.resize((1024, 683), LANCZOS)
    result = decoded(enhance(encoded(small, PictureFormat.PNG), 1024, 683).content)
    assert 1.02 < _fineness(result) / _fineness(plain) < 1.5


def test_flat_colors_and_edges_of_a_graphic_stay_within_their_range() -> None:
    """Gray lines and letters on gray, where Lanczos alone would exceed both grays."""
    original = draw.text(16, (60, 60, 60), (200, 200, 200))
    picture = PillowUpscaler().enhance(
        io.BytesIO(encoded(original, PictureFormat.PNG)),
        size=Dimensions(width_px=768, height_px=512),
        options=RenderOptions(format=PictureFormat.PNG),
    )
    result = decoded(picture.content)
    red = np.asarray(original.resize(result.size, LANCZOS))[..., 0]
    assert red.max() > 205, "Lanczos has no halo here"
    assert result.getextrema() == ((60, 200),) * 3
    flat = result.crop((0, 0, 768, 4))
    assert flat.getcolors() == [(768 * 4, (200, 200, 200))]


def test_a_picture_that_hardly_grows_is_as_close_as_by_lanczos() -> None:
    original = photograph("astronaut.png", size=(480, 480))
    picture = PillowUpscaler().enhance(
        io.BytesIO(encoded(original, PictureFormat.PNG)),
        size=Dimensions(width_px=512, height_px=512),
        options=RenderOptions(format=PictureFormat.PNG),
    )
    assert decoded(picture.content).tobytes() == original.resize((512, 512), LANCZOS).tobytes()


def test_a_jpeg_is_reduced_as_well_from_a_draft_as_from_all_pixels() -> None:
    large = photograph("retina.jpg", size=(2800, 2100))
    plain = large.resize((512, 384), LANCZOS)
    jpeg = decoded(enhance(encoded(large, quality=95), 512, 384).content)
    png = decoded(enhance(encoded(large, PictureFormat.PNG, compress_level=1), 512, 384).content)
    assert psnr(jpeg, plain) > 3_000  # 35 dB
    assert psnr(png, plain) > 3_000


def test_halves_that_are_reduced_at_once_meet_without_a_seam() -> None:
    """Noise overshoots black and white at each step, so an order of steps of its own would show in a half."""
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (451, 300, 3), dtype=np.uint8))
    picture = PillowUpscaler().enhance(
        io.BytesIO(encoded(noise, PictureFormat.PNG)),
        size=Dimensions(width_px=120, height_px=181),
        options=RenderOptions(format=PictureFormat.PNG),
    )
    at_once = noise.resize((300, 181), LANCZOS).resize((120, 181), LANCZOS)
    difference = np.asarray(ImageChops.difference(decoded(picture.content), at_once))
    assert difference.max() <= 1


def test_an_opaque_picture_comes_as_a_baseline_jpeg_with_full_chroma() -> None:
    picture = enhance(encoded(photograph()), 1024, 681)
    with Image.open(io.BytesIO(picture.content)) as result:
        assert isinstance(result, JpegImagePlugin.JpegImageFile)
        assert JpegImagePlugin.get_sampling(result) == 0  # 4:4:4
        assert "progression" not in result.info
        assert result.quantization == _tables_of_quality(95)
    assert picture.format is PictureFormat.JPEG


def test_the_result_says_that_it_is_srgb() -> None:
    for original in (photograph(size=(64, 48)), _with_alpha(photograph(size=(64, 48)))):
        picture = enhance(encoded(original, PictureFormat.PNG), 128, 96)
        profile = ImageCms.ImageCmsProfile(io.BytesIO(decoded(picture.content).info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)


@pytest.mark.parametrize("format_", [PictureFormat.JPEG, PictureFormat.PNG, PictureFormat.WEBP, PictureFormat.AVIF])
@pytest.mark.parametrize("alpha", ["opaque", "transparent"])
def test_no_metadata_leave_with_the_result(format_: PictureFormat, alpha: str) -> None:
    original = photograph(size=(64, 48))
    if alpha == "transparent" and format_ is not PictureFormat.JPEG:
        original = _with_alpha(original)
    original.info["comment"] = b"home address"
    data = encoded(original, format_, exif=exif(), comment=b"home address", xmp=b"<x>home address</x>")
    assert b"SecretCamera" in data, "the picture isn't what this test is about"
    picture = enhance(data, 128, 96)
    assert b"SecretCamera" not in picture.content
    assert b"home address" not in picture.content
    assert not decoded(picture.content).getexif()


def test_the_same_picture_twice_gives_the_same_bytes() -> None:
    data = encoded(photograph())
    assert enhance(data, 640, 426) == enhance(data, 640, 426)


def test_a_phone_picture_with_a_second_one_behind_it_is_enhanced() -> None:
    result = decoded(enhance(a_phone_picture(size=(320, 240)), 640, 480).content)
    assert psnr(result.resize((320, 240), LANCZOS), photograph(size=(320, 240))) > 300


@pytest.mark.parametrize("longest_side_px", [256, 40], ids=["grown", "shrunk"])
@pytest.mark.parametrize("level", [255, 128, 0])
def test_real_transparency_comes_as_a_png_without_fringes(level: int, longest_side_px: int) -> None:
    """Hidden colors must neither darken nor lighten visible edges."""
    original = Image.new("RGBA", (64, 64), (255 - level, 0, 0, 0))
    original.paste((level, level, level, 255), (16, 16, 48, 48))
    picture = enhance(encoded(original, PictureFormat.PNG), longest_side_px, longest_side_px)
    result = decoded(picture.content)
    assert (picture.format, result.mode) == (PictureFormat.PNG, "RGBA")
    middle = longest_side_px // 2
    assert result.getpixel((middle, middle)) == (level, level, level, 255)
    assert ImageStat.Stat(result.getchannel("A").crop((0, 0, 5, 5))).mean == [0]
    visible = result.getchannel("A").point(lambda alpha: 255 if alpha > 32 else 0)
    for low, high in ImageStat.Stat(result.convert("RGB"), visible).extrema:
        assert level - 8 <= low <= high <= level + 36  # what Lanczos alone swings at a corner


@pytest.mark.parametrize("size", [(32, 24), (128, 96)])
def test_an_alpha_channel_that_hides_nothing_is_dropped(size: tuple[int, int]) -> None:
    original = photograph(size=(64, 48)).convert("RGBA")
    assert enhance(encoded(original, PictureFormat.PNG), *size).format is PictureFormat.JPEG


@pytest.mark.parametrize("size", [(64, 48), (65, 48), (63, 47), (1, 1)])
def test_a_size_near_the_original_is_met_exactly(size: tuple[int, int]) -> None:
    assert decoded(enhance(encoded(photograph(size=(64, 48))), *size).content).size == size


def test_too_little_memory_may_be_otherwise_next_time() -> None:
    """No machine has enough memory for a row of so many pixels."""
    with pytest.raises(UpscalerUnavailable):
        enhance(encoded(photograph(size=(64, 48))), 600_000_000, 1)


def _with_alpha(picture: Image.Image) -> Image.Image:
    picture = picture.convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    return picture


def _fineness(picture: Image.Image) -> float:
    """Return the mean difference of neighboring pixels."""
    gray = picture.convert("L")
    return sum(ImageStat.Stat(ImageChops.difference(gray, ImageChops.offset(gray, 1, 0))).mean)


def _tables_of_quality(quality: int) -> dict[int, list[int]]:
    with Image.open(io.BytesIO(encoded(photograph(size=(16, 16)), quality=quality))) as picture:
        assert isinstance(picture, JpegImagePlugin.JpegImageFile)
        return picture.quantization
