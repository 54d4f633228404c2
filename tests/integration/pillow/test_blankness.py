"""Blankness: a single faint star is visible, whatever the size, depth and format; invisible differences are not."""

import io
from typing import Final

import numpy as np
import pytest
from PIL import Image

from effort import each_value_once
from pictures import encoded, photograph
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidResult
from spike_core.domain.fidelity import Comparison
from spike_core.domain.objects import PictureFormat
from spike_core.domain.tiers import Tier
from spike_core.services.direct_enhancement import DirectEnhancement
from spike_pillow import PillowProbe, PillowUpscaler

pytestmark = each_value_once

PNG, JPEG = PictureFormat.PNG, PictureFormat.JPEG
BLACK: Final = (0, 0, 0)


def with_star(side_px: int, brightness: int, *, star_px: int = 1, sky: int = 0) -> Image.Image:
    picture = Image.new("L", (side_px, side_px), sky)
    place = (side_px * 3 // 7, side_px * 2 // 5)
    picture.paste(sky + brightness, (*place, place[0] + star_px, place[1] + star_px))
    return picture


def is_blank(data: bytes) -> bool:
    return PillowProbe().inspect(io.BytesIO(data)).is_blank


def compared(result: bytes, original: bytes) -> Comparison:
    return PillowProbe().compare(io.BytesIO(result), io.BytesIO(original))


@pytest.mark.parametrize("side_px", [8, 300, 1000, 2500])
@pytest.mark.parametrize("brightness", [3, 6, 20, 255])
def test_one_star_is_a_picture_at_any_size(side_px: int, brightness: int) -> None:
    assert not is_blank(encoded(with_star(side_px, brightness), PNG))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_one_star_is_a_picture_in_any_mode(mode: str) -> None:
    star = with_star(700, 255)
    picture = star.point(lambda value: value * 257, "I").convert("I;16") if mode == "I;16" else star.convert(mode)
    assert not is_blank(encoded(picture, PNG))


def test_a_faint_star_of_sixteen_bits_is_a_picture() -> None:
    pixels = np.zeros((400, 400), dtype=np.uint16)
    assert is_blank(encoded(Image.fromarray(pixels), PNG))
    pixels[200, 100] = 3 * 257 + 1
    assert not is_blank(encoded(Image.fromarray(pixels), PNG))


def test_a_jpeg_is_judged_at_its_full_size() -> None:
    """At an eighth of the size, this star would have a value of 1 of 255."""
    assert not is_blank(encoded(with_star(1024, 60), quality=95))
    assert is_blank(encoded(with_star(1024, 0), quality=95))


def test_a_shape_in_alpha_alone_is_a_picture() -> None:
    picture = Image.new("RGBA", (900, 600), (0, 0, 0, 0))
    picture.putpixel((450, 300), (0, 0, 0, 40))
    assert not is_blank(encoded(picture, PNG))


def test_hidden_colors_are_no_picture() -> None:
    picture = photograph(size=(90, 60)).convert("RGBA")
    picture.putalpha(0)
    assert is_blank(encoded(picture, PNG))


@pytest.mark.parametrize("color", [(120, 90, 60), (203, 77, 118), (210, 77, 10), (32, 246, 247)])
@pytest.mark.parametrize(
    ("format_", "quality"), [(JPEG, 30), (JPEG, 95), (PictureFormat.WEBP, 80), (PictureFormat.AVIF, 60)]
)
def test_a_flat_picture_is_blank_in_lossy_formats(
    format_: PictureFormat, quality: int, color: tuple[int, int, int]
) -> None:
    assert is_blank(encoded(Image.new("RGB", (333, 251), color), format_, quality=quality))


def enhanced(original: bytes, tier: Tier) -> bytes:
    enhancement = DirectEnhancement(probe=PillowProbe(), upscaler=PillowUpscaler())
    return enhancement.enhance(io.BytesIO(original), tier).content


@pytest.mark.parametrize("brightness", [1, 3, 6, 14, 20, 80, 255])
@pytest.mark.parametrize("side_px", [300, 1024, 2000])
def test_a_star_is_enhanced_whatever_becomes_of_it(side_px: int, brightness: int) -> None:
    """Reduced or compressed, it may vanish, which no engine can prevent."""
    enhanced(encoded(with_star(side_px, brightness), PNG), Tier.TIER_1K)


def test_a_star_of_sixteen_bits_is_enhanced() -> None:
    pixels = np.zeros((300, 300), dtype=np.uint16)
    pixels[100, 77] = 300  # about 1 of 255
    enhanced(encoded(Image.fromarray(pixels), PNG), Tier.TIER_1K)


def test_a_faint_gradient_is_enhanced() -> None:
    ramp = np.tile(np.linspace(20, 32, 400).astype(np.uint8), (300, 1))
    enhanced(encoded(Image.fromarray(ramp), PNG), Tier.TIER_1K)


@pytest.mark.parametrize("alpha", [40, 255])
def test_a_black_shape_in_alpha_is_enhanced(alpha: int) -> None:
    picture = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    picture.paste((0, 0, 0, alpha), (90, 40, 110, 60))
    enhanced(encoded(picture, PNG), Tier.TIER_1K)
    with pytest.raises(InvalidResult):
        _refuse_blank(encoded(picture, PNG), mode="RGBA")


def _refuse_blank(original: bytes, *, mode: str = "RGB") -> None:
    with Image.open(io.BytesIO(original)) as picture:
        size = Dimensions(width_px=picture.width, height_px=picture.height).scaled_to(1024)
    blank = encoded(Image.new(mode, (size.width_px, size.height_px)), PNG)
    flaw = compared(blank, original).flaw
    if flaw:
        raise InvalidResult(flaw)


@pytest.mark.parametrize(("side_px", "brightness"), [(300, 14), (300, 255), (500, 30), (1024, 40), (2048, 255)])
def test_a_blank_result_is_refused_where_a_star_would_be_seen(side_px: int, brightness: int) -> None:
    with pytest.raises(InvalidResult, match="blank"):
        _refuse_blank(encoded(with_star(side_px, brightness), PNG))


@pytest.mark.parametrize(("side_px", "brightness"), [(300, 0), (300, 3), (1024, 6), (4000, 60)])
def test_a_blank_result_is_right_where_nothing_would_be_seen(side_px: int, brightness: int) -> None:
    """A single star of 60, reduced to a sixteenth of a pixel, has a value of 4."""
    _refuse_blank(encoded(with_star(side_px, brightness), PNG))


def test_a_faint_gradient_that_was_lost_is_refused() -> None:
    ramp = np.tile(np.linspace(0, 12, 400).astype(np.uint8), (300, 1))
    with pytest.raises(InvalidResult, match="blank"):
        _refuse_blank(encoded(Image.fromarray(ramp), PNG))


@pytest.mark.parametrize("quality", [0, 30, 80])
def test_a_flat_original_may_stay_flat_though_its_format_was_lossy(quality: int) -> None:
    original = encoded(Image.new("RGB", (320, 200), (150, 120, 90)), PictureFormat.WEBP, quality=quality)
    enhanced(original, Tier.TIER_1K)
