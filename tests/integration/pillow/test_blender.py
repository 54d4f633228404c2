"""Blending real photographs."""

import io
from typing import Final

import pytest
from PIL import Image, ImageChops, ImageStat

from pictures import PHOTOGRAPHS, a_phone_picture, a_photo, decoded, encoded, exif, photograph
from spike_contracts.blender import BlenderContract
from spike_contracts.probe import MakePicture
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_core.ports.blender import Blender
from spike_core.ports.probe import ImageProbe
from spike_pillow import PillowProbe
from spike_pillow.blender import PillowBlender

SIDE: Final = 256
SQUARE: Final = Dimensions(width_px=SIDE, height_px=SIDE)


class TestPillowBlender(BlenderContract):
    @pytest.fixture
    def blender(self) -> Blender:
        return PillowBlender()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return PillowProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_photo


def blend(original: bytes, source: bytes, *, size: Dimensions = SQUARE) -> Image.Image:
    return decoded(PillowBlender().blend(io.BytesIO(original), io.BytesIO(source), size=size))


def png(picture: Image.Image) -> bytes:
    return encoded(picture, PictureFormat.PNG)


def square(name: str) -> Image.Image:
    """Return a photograph with its numbers taken as sRGB, since one has another profile."""
    picture = photograph(name, size=(SIDE, SIDE))
    picture.info = {}
    return picture


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two pictures, of 255."""
    channels = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return sum(channels) / len(channels)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_picture_blended_with_itself_is_itself(name: str) -> None:
    picture = square(name)
    assert difference(blend(png(picture), png(picture)), picture) < 0.1


def test_both_pictures_are_seen() -> None:
    """Each is much closer to the blend than the two are to each other."""
    one, other = (square(name) for name in PHOTOGRAPHS[:2])
    blended = blend(png(one), png(other))
    apart = difference(one, other)
    assert 0.1 * apart < difference(blended, one) < 0.9 * apart
    assert 0.1 * apart < difference(blended, other) < 1.1 * apart  # whose tone moved towards the original's


def test_the_source_is_brought_towards_the_originals_tone() -> None:
    dark = square(PHOTOGRAPHS[0]).point(lambda value: value // 4)
    bright = square(PHOTOGRAPHS[1]).point(lambda value: 191 + value // 4)
    blended = ImageStat.Stat(blend(png(dark), png(bright)).convert("L")).mean[0]
    means = [ImageStat.Stat(picture.convert("L")).mean[0] for picture in (dark, bright)]
    assert means[0] < blended < (means[0] + means[1]) / 2


def test_where_the_source_is_transparent_the_original_is_untouched() -> None:
    original, source = square(PHOTOGRAPHS[0]), square(PHOTOGRAPHS[1])
    source.putalpha(Image.new("L", source.size, 0))
    assert difference(blend(png(original), png(source)), original) < 0.1


def test_the_originals_transparency_stays() -> None:
    original = square(PHOTOGRAPHS[0])
    alpha = Image.linear_gradient("L").resize(original.size)
    original.putalpha(alpha)
    blended = blend(png(original), png(square(PHOTOGRAPHS[1])))
    assert ImageChops.difference(blended.getchannel("A"), alpha).getextrema() == (0, 0)


def test_pictures_are_turned_upright_first() -> None:
    lying = encoded(photograph(size=(SIDE, SIDE // 2)), PictureFormat.JPEG, exif=exif(orientation=6))
    blended = blend(lying, a_photo(SQUARE), size=Dimensions(width_px=512, height_px=1024))
    assert blended.size == (SIDE // 2, SIDE)


def test_metadata_stay_behind() -> None:
    blended = blend(a_phone_picture(), a_phone_picture(), size=Dimensions(width_px=320, height_px=240))
    assert not blended.getexif()


@pytest.mark.parametrize("side", [1, 2, 15, 16, 17, 33])
def test_the_smallest_pictures_are_merged_too(side: int) -> None:
    one, other = (png(photograph(name, size=(side, side))) for name in PHOTOGRAPHS[:2])
    assert blend(one, other).size == (side, side)
